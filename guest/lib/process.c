/* Processes: filling address spaces with programs, starting them, and seeing them end. */

#include "process.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "tls.h"

#define STACK_SIZE 0x8000u
#define ROOM 64 /* kernel objects that a child may have, if we have as many */
#define KEPT 64 /* messages, and children's ends, that are kept */
#define INFO_VA (SPACE_AREA + L2_SPAN / 2)
#define READ_WRITE (F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC)
#define READ_ONLY (F_MAP_READ | F_MAP_NOEXEC)

/* Of the ELF-32 specification, figures 1-3 and 2-1, what loading needs. */
struct elf_header {
	unsigned char ident[16];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

enum { ELF_EXECUTABLE = 2, ELF_ARM = 40, ELF_LOAD = 1, ELF_EXEC = 1, ELF_WRITE = 2 };

/* Zeroed memory for len bytes, seen by us.  Returns its id, or an error, and where it is seen. */
static int take_zeroed(unsigned len, char **seen)
{
	unsigned size = (len + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	int f_id = frame_take(size, PAGE_SIZE);

	if (f_id < 0)
		return f_id;
	*seen = space_see(f_id, READ_WRITE);
	if (*seen == NULL) {
		frame_free(f_id);
		return E_ENTRY_IN_USE;
	}
	memset(*seen, 0, size);
	return f_id;
}

/* Map a frame that we see, or free it. */
static int map_or_free(struct space *space, int f_id, unsigned va, unsigned rights)
{
	int result = space_map(space, f_id, va, rights);

	if (result < 0 && frame_unmap(f_id, F_MAP_PAGE) == 0)
		frame_free(f_id);
	return result;
}

static unsigned segment_rights(const struct elf_segment *segment)
{
	return F_MAP_READ | (segment->flags & ELF_WRITE ? F_MAP_WRITE : 0)
	       | (segment->flags & ELF_EXEC ? 0 : F_MAP_NOEXEC);
}

/* A segment and the part of its first page before it: whole pages, which no other segment may share. */
static int load_segment(struct space *space, const char *elf, const struct elf_segment *segment)
{
	unsigned before = segment->vaddr % PAGE_SIZE;
	char *seen;

	if (segment->type != ELF_LOAD || segment->memsz == 0)
		return 0;
	int f_id = take_zeroed(before + segment->memsz, &seen);
	if (f_id < 0)
		return f_id;
	memcpy(seen + before, elf + segment->offset, segment->filesz);
	return map_or_free(space, f_id, segment->vaddr - before, segment_rights(segment));
}

static int load_segments(struct space *space, const char *elf)
{
	const struct elf_header *header = (const struct elf_header *)elf;
	const char *at = elf + header->phoff;
	int result = 0;

	if (memcmp(header->ident, "\177ELF\1\1", 6) != 0 || header->machine != ELF_ARM
	    || header->type != ELF_EXECUTABLE)
		return E_WRONG_TYPE;
	for (unsigned i = 0; i < header->phnum && result == 0; i++, at += header->phentsize)
		result = load_segment(space, elf, (const struct elf_segment *)at);
	return result;
}

/* A stack at the end of the area; the page below it stays unmapped. */
static int add_stack(struct space *space)
{
	char *seen;
	int f_id = take_zeroed(STACK_SIZE, &seen);

	if (f_id < 0)
		return f_id;
	return map_or_free(space, f_id, SPACE_AREA + L2_SPAN - STACK_SIZE, READ_WRITE);
}

/* What start-up code wants to find in r0, as for the first process. */
static int add_information(struct space *space, const char *arguments)
{
	char *seen;
	int f_id = take_zeroed(PAGE_SIZE, &seen);

	if (f_id < 0)
		return f_id;
	struct boot_info *info = (struct boot_info *)seen;
	for (size_t i = 0; i < sizeof info->boot_args - 1 && arguments[i] != '\0'; i++)
		info->boot_args[i] = arguments[i];
	return map_or_free(space, f_id, INFO_VA, READ_ONLY);
}

/* A program's end of the work: stack and, unless its tables stay ours to see, sight of them.  result: how
 * it has gone so far. */
static int complete(struct program *program, int result, bool lent)
{
	if (result == 0)
		result = add_stack(&program->space);
	if (result == 0 && !lent)
		result = space_finish(&program->space);
	if (result < 0)
		space_drop(&program->space);
	program->start.sp = SPACE_AREA + L2_SPAN;
	return result;
}

static int load(struct program *program, const void *elf, const char *arguments, bool lent)
{
	const struct elf_header *header = elf;
	int result = space_begin(&program->space);

	if (result < 0)
		return result;
	result = load_segments(&program->space, elf);
	if (result == 0)
		result = add_information(&program->space, arguments);
	program->start = (struct start){.pc = header->entry, .r = {INFO_VA}};
	return complete(program, result, lent);
}

int program_load(struct program *program, const void *elf, const char *arguments)
{
	return load(program, elf, arguments, false);
}

int program_load_lent(struct program *program, const void *elf, const char *arguments)
{
	return load(program, elf, arguments, true);
}

/* A copied program begins here. */
static _Noreturn void begin(int (*function)(int), int argument)
{
	char room[tls_room()];

	tls_begin(room);
	exit(function(argument));
}

static int copy_frame(struct space *space, const struct frame *frame)
{
	char *seen;
	int f_id = take_zeroed(frame->len, &seen);

	if (f_id < 0)
		return f_id;
	memcpy(seen, (const void *)frame->v_va, frame->len);
	return map_or_free(space, f_id, frame->v_va, frame->v_flags & ~F_MAP_KIND_MASK);
}

static int copy(struct program *program, int (*function)(int), int argument, bool lent)
{
	extern const char _start[], end[]; /* from guest.ld: all that belongs to a program */
	unsigned first = (unsigned)_start & ~(PAGE_SIZE - 1);
	struct frame frame;
	int result = space_begin(&program->space);

	if (result < 0)
		return result;
	for (unsigned i = 0; result == 0 && frame_info(i, &frame) == 0; i++)
		if (space_sees(&frame) && frame.v_va >= first && frame.v_va < (unsigned)end)
			result = copy_frame(&program->space, &frame);
	program->start = (struct start){
		.pc = (unsigned)begin, .r = {(unsigned)function, (unsigned)argument},
	};
	return complete(program, result, lent);
}

int program_copy(struct program *program, int (*function)(int), int argument)
{
	return copy(program, function, argument, false);
}

int program_copy_lent(struct program *program, int (*function)(int), int argument)
{
	return copy(program, function, argument, true);
}

/* Give a child as much room as we can, but not more than it may have. */
static int with_room(int pid)
{
	for (unsigned count = ROOM; pid >= 0 && count > 0; count /= 2)
		if (pool_give(pid, count) != E_POOL_FULL)
			break;
	return pid;
}

int program_process(struct program *program, enum process_form form)
{
	if (form == PROCESS_OF_VSPACE)
		return with_room(proc_new(program->space.l1));
	int record = frame_take(2 * PAGE_SIZE, PAGE_SIZE);
	int pid = record < 0 ? record : proc_new(record);
	if (record >= 0 && pid < 0)
		frame_free(record);
	int result = pid < 0 ? pid
	           : form == PROCESS_LENT ? vspace_lend(pid, program->space.l1)
	                                  : vspace_swap(pid, program->space.l1);
	return result < 0 ? result : with_room(pid);
}

int program_start(struct program *program, enum process_form form)
{
	int pid = program_process(program, form);
	int result = pid < 0 ? pid : send(pid, &program->start);

	return result < 0 ? result : pid;
}

int process_load(const void *elf, const char *arguments)
{
	struct program program;
	int result = program_load(&program, elf, arguments);

	return result < 0 ? result : program_start(&program, PROCESS_OF_VSPACE);
}

int process_run(int (*function)(int), int argument)
{
	struct program program;
	int result = program_copy(&program, function, argument);

	return result < 0 ? result : program_start(&program, PROCESS_OF_VSPACE);
}

/* What came while somebody waited for something else. */
static struct {
	int sender;
	struct message message;
} kept[KEPT];
static unsigned kept_count;

/* Children that have ended and were not waited for. */
static struct death dead[KEPT];
static unsigned dead_count;

static int note_death(const struct death *death)
{
	if (dead_count == KEPT)
		return E_OUT_OF_RANGE;
	dead[dead_count++] = *death;
	return 0;
}

/* Whether it is noted that a child has ended; then it no longer is. */
static bool take_death(int pid, struct death *death)
{
	for (unsigned i = 0; i < dead_count; i++) {
		if (dead[i].pid != pid)
			continue;
		*death = dead[i];
		memmove(&dead[i], &dead[i + 1], (--dead_count - i) * sizeof dead[0]);
		return true;
	}
	return false;
}

int process_recv(void *msg)
{
	int sender;

	if (kept_count > 0) {
		memcpy(msg, &kept[0].message, MESSAGE_SIZE);
		sender = kept[0].sender;
		memmove(&kept[0], &kept[1], --kept_count * sizeof kept[0]);
		return sender;
	}
	while ((sender = recv(msg)) == E_PEER_DIED) {
		int result = note_death(msg);
		if (result < 0)
			return result;
	}
	return sender;
}

/* Keep what comes until the next child's end, and note that. */
static int keep_until_death(void)
{
	struct message message;

	for (;;) {
		int sender = recv(&message);
		if (sender == E_PEER_DIED)
			return note_death((const struct death *)&message);
		if (sender < 0)
			return sender;
		if (kept_count == KEPT)
			return E_OUT_OF_RANGE;
		kept[kept_count].sender = sender;
		kept[kept_count++].message = message;
	}
}

int process_wait_for(int pid, struct death *death)
{
	struct death unused;
	int result = 0;

	if (death == NULL)
		death = &unused;
	while (!take_death(pid, death)) {
		if (result < 0)
			return result;
		result = keep_until_death();
	}
	return 0;
}

int process_wait(int pid)
{
	return process_wait_for(pid, NULL);
}

int process_outlive(int pid)
{
	static const char nothing[MESSAGE_SIZE];
	int result;

	do
		result = send(pid, nothing);
	while (result == 0);
	return result == E_PEER_DIED || result == E_NO_PROCESS ? 0 : result;
}

int process_kill(int pid)
{
	return proc_end(pid, 0);
}
