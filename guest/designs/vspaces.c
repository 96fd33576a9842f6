/* The fifth design: vspace_create makes an L1 of a frame that is seen; vspace_swap puts a process on it, and
 * what is mapped there travels along; frame_map names the vspace besides the table. */

#include "selfmap.h"

#include <string.h>

/* --- The design's calls, over the kernel's --- */

/* table: where the L1's frame is seen, read-only. */
static int vspace_create(void *table, int f_id)
{
	(void)table;
	return frame_table(f_id, F_TABLE_L1);
}

/* vspace: the L1; t_id: the table installed in it. */
static int vspace_map(int vspace, int t_id, int f_id, void *va, unsigned flags)
{
	if (t_id != vspace && look(t_id).t_id != vspace)
		return E_TABLE_NOT_HUNG;
	return frame_map(t_id, f_id, va, flags);
}

#define frame_map vspace_map

/* --- The workload: the child's whole address space is built, and goes to it --- */

#define STACK_TOP (SPACE_AREA + L2_SPAN)
#define STACK_LEN 0x4000u

static int vspace, low, high;

static int new_table(unsigned va)
{
	int table = CHECK_OK(space_take_table(F_TABLE_L2, PAGE_SIZE));

	CHECK_OK(frame_map(vspace, vspace, table, (void *)va, F_MAP_TABLE_L2));
	return table;
}

/* A copy of every frame of this program, where the original is. */
static void copy_program(void)
{
	extern const char _start[], end[];
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++) {
		if (!space_sees(&frame) || frame.v_va < ((unsigned)_start & ~(PAGE_SIZE - 1)) || frame.v_va >= (unsigned)end)
			continue;
		int f_id = take(frame.len / PAGE_SIZE);
		memcpy(see(f_id, RW), (void *)frame.v_va, frame.len);
		CHECK_OK(frame_map(vspace, low, f_id, (void *)frame.v_va, frame.v_flags));
	}
}

static int start(int (*child)(int))
{
	struct start start = {.pc = (unsigned)child, .sp = STACK_TOP};
	int stack = take(STACK_LEN / PAGE_SIZE), pid = CHECK_OK(proc_new(take(2)));

	vspace = CHECK_OK(frame_take(L1_SIZE, L1_SIZE));
	CHECK_OK(vspace_create(see(vspace, RO), vspace));
	low = new_table(0);
	high = new_table(SPACE_AREA);
	copy_program();
	CHECK_OK(frame_map(vspace, high, stack, (void *)(STACK_TOP - STACK_LEN), F_MAP_PAGE | RW));
	CHECK_OK(frame_map(vspace, high, vspace, (void *)SPACE_AREA, F_MAP_PAGE | RO));
	CHECK_OK(frame_map(vspace, high, high, (void *)(SPACE_AREA + L1_SIZE), F_MAP_PAGE | RO));
	CHECK_OK(vspace_swap(pid, vspace));
	CHECK_OK(pool_give(pid, 16));
	CHECK_OK(send(pid, &start));
	return selfmap_start(pid);
}

/* In the child. */
static void extra(const struct order *order)
{
	static int table;
	int f_id = (int)order->argument;
	void *va = (void *)(BUFFER + order->first * PAGE_SIZE);

	if (order->count == SELF_TABLE) {
		see(f_id, RO);
		CHECK_OK(frame_table(f_id, F_TABLE_L2));
		CHECK_OK(frame_map(vspace_id(), vspace_id(), f_id, (void *)BUFFER, F_MAP_TABLE_L2));
		table = f_id;
	} else if (order->count == SELF_MAP) {
		CHECK_OK(frame_map(vspace_id(), table, f_id, va, F_MAP_PAGE | RW));
	} else {
		CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
		CHECK_OK(frame_give(f_id, 0));
	}
}

static const struct design design = {start, selfmap_lend, selfmap_take_back, extra};

int main(void)
{
	return workload(&design, "vspaces");
}
