/* The second design: frames are mapped whole, frame_map(pid, f_id, addr, flags), into any process that one may
 * change; one frame, one mapping. */

#include "workload.h"

/* --- The design's calls, over the kernel's --- */

#define WHOLE_READ (1 << 1)
#define WHOLE_WRITE (1 << 2)

static struct program program; /* the one process besides our own whose address space we have */
static int child_pid;

static unsigned rights_of(int flags)
{
	return RO | (flags & WHOLE_WRITE ? F_MAP_WRITE : 0);
}

static int whole_map(int pid, int f_id, void *addr, int flags)
{
	if (pid == child_pid)
		return space_map(&program.space, f_id, (unsigned)addr, rights_of(flags));
	unsigned va;
	int table = frame_find_place(PAGE_SIZE, &va); /* of our own L2s the one that has room spans addr */
	return table < 0 ? table : frame_map(table, f_id, addr, F_MAP_PAGE | rights_of(flags));
}

static int whole_unmap(int pid, int f_id)
{
	(void)pid;
	return frame_unmap(f_id, F_MAP_PAGE);
}

#define frame_map whole_map
#define frame_unmap whole_unmap

/* --- The workload --- */

static int pages[8];

static int start(int (*child)(int))
{
	CHECK_OK(program_copy_lent(&program, child, 0));
	return child_pid = CHECK_OK(program_start(&program, PROCESS_LENT));
}

static void lend(unsigned first, unsigned count)
{
	unsigned va;

	for (unsigned page = first; page < first + count; page++) {
		pages[page] = take(1);
		CHECK_OK(frame_find_place(PAGE_SIZE, &va));
		CHECK_OK(frame_map(0, pages[page], (void *)va, WHOLE_READ | WHOLE_WRITE));
		number_pages((unsigned *)va, page, 1);
		CHECK_OK(frame_unmap(0, pages[page]));
		CHECK_OK(frame_map(child_pid, pages[page], (void *)(BUFFER + page * PAGE_SIZE),
		                   WHOLE_READ | WHOLE_WRITE));
	}
}

static unsigned *take_back(unsigned first, unsigned count)
{
	unsigned va;

	CHECK_OK(frame_find_place(count * PAGE_SIZE, &va));
	for (unsigned i = 0; i < count; i++) {
		CHECK_OK(frame_unmap(child_pid, pages[first + i]));
		CHECK_OK(frame_map(0, pages[first + i], (void *)(va + i * PAGE_SIZE), WHOLE_READ));
	}
	return (unsigned *)va;
}

static const struct design design = {start, lend, take_back, NULL};

int main(void)
{
	return workload(&design, "whole");
}
