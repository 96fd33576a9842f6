/* One call over nearly all memory, again and again, while a thread counts: what is left to the thread?
 *
 * heavy CALL ROUNDS: CALL is pool, table, record, refused, list, console, write, write0 or none.  The thread counts
 * ROUNDS times.  console, write and write0 are of memory that has been filled. */

#include "kernel.h"

#include "console.h"
#include "frames.h"
#include "string.h"
#include "thread.h"

#define MIB 0x100000u
#define VIEW 0x10000000u
#define VIEW_FLAGS (F_MAP_SECTION | F_MAP_READ | F_MAP_NOEXEC)

enum { SYS_OPEN = 1, SYS_WRITE0 = 4, SYS_WRITE = 5, FOR_WRITING = 4 };

static volatile int ready, done;
static unsigned rounds;

static int semihost(int operation, const void *argument)
{
	register int r0 __asm__("r0") = operation;
	register const void *r1 __asm__("r1") = argument;

	__asm__ volatile("svc #0xab" : "+r"(r0) : "r"(r1) : "memory");
	return r0;
}

static int count(void *unused)
{
	(void)unused;
	while (!ready)
		proc_yield();
	for (volatile unsigned at = 0; at < rounds; at++)
		;
	done = 1;
	return 0;
}

static void write_for_ever(const char *call, int f_id, unsigned length)
{
	unsigned console[] = {(unsigned)":tt", FOR_WRITING, 3};
	unsigned block[] = {(unsigned)semihost(SYS_OPEN, console), VIEW, length};

	frame_map(vspace_id(), f_id, (void *)VIEW, VIEW_FLAGS | F_MAP_WRITE);
	memset((void *)VIEW, 'x', length);
	ready = 1;
	while (!done) {
		if (strcmp(call, "console") == 0)
			console_write((void *)VIEW, length);
		else
			semihost(strcmp(call, "write") == 0 ? SYS_WRITE : SYS_WRITE0,
			         strcmp(call, "write") == 0 ? (void *)block : (void *)VIEW);
	}
}

static void make_heavy_calls(const char *call, int f_id)
{
	bool table = strcmp(call, "table") == 0, pool = strcmp(call, "pool") == 0;
	bool record = strcmp(call, "record") == 0, list = strcmp(call, "list") == 0;
	bool refused = strcmp(call, "refused") == 0;
	struct frame frame;

	if (table || refused)
		frame_map(vspace_id(), f_id, (void *)VIEW, VIEW_FLAGS);
	while (!done) {
		if (pool) {
			frame_pool(f_id);
			frame_unpool(f_id);
		} else if (table) {
			frame_table(f_id, F_TABLE_L2);
			frame_table(f_id, F_TABLE_NO);
		} else if (record) {
			proc_end(proc_new(f_id), 0);
		} else if (refused) {
			frame_map(vspace_id(), f_id, (void *)(VIEW + MIB), VIEW_FLAGS | 1u << 30);
		} else if (list) {
			frame_info(frame_count() - 1, &frame);
		}
	}
}

int main(int argc, char **argv)
{
	struct frame free;
	int f_id, thread;

	if (argc < 3)
		return 2;
	for (const char *digit = argv[2]; *digit; digit++)
		rounds = rounds * 10 + (unsigned)(*digit - '0');
	thread = thread_create(count, NULL);
	frame_largest_free(&free);
	f_id = frame_take((free.len & -MIB) - 2 * MIB, MIB);
	if (strcmp(argv[1], "console") == 0 || strncmp(argv[1], "write", 5) == 0)
		write_for_ever(argv[1], f_id, (free.len & -MIB) - 2 * MIB);
	ready = 1;
	if (strcmp(argv[1], "none") != 0)
		make_heavy_calls(argv[1], f_id);
	return thread_join(thread, NULL);
}
