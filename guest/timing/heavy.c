/* One call over nearly all memory, again and again, while a thread counts: what is left to the thread?
 *
 * heavy CALL ROUNDS: CALL is pool, table, record, refused, list or none.  The thread counts ROUNDS times. */

#include "kernel.h"

#include "console.h"
#include "frames.h"
#include "string.h"
#include "thread.h"

#define MIB 0x100000u
#define VIEW 0x10000000u
#define VIEW_FLAGS (F_MAP_SECTION | F_MAP_READ | F_MAP_NOEXEC)

static volatile int done;
static unsigned rounds;

static int count(void *unused)
{
	(void)unused;
	for (volatile unsigned at = 0; at < rounds; at++)
		;
	done = 1;
	return 0;
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
	if (strcmp(argv[1], "none") != 0)
		make_heavy_calls(argv[1], f_id);
	return thread_join(thread, NULL);
}
