/* proc_new: a process of two pages, which shows it what it is, or of an address space. */

#include "callcheck.h"

#include "process.h"

static void check_kinds_of_frames(void)
{
	int page = take(1), viewed = take(2), l2 = take_table(F_TABLE_L2, 2), pool = take(2);

	CHECK_REFUSED(proc_new(NO_SUCH_ID), E_NO_FRAME);
	CHECK_REFUSED(proc_new(NO_ID), E_NO_FRAME);
	CHECK_REFUSED(proc_new(page), E_BAD_SIZE);
	see(viewed, READ_ONLY);
	CHECK_REFUSED(proc_new(viewed), E_MAPPED);
	CHECK_REFUSED(proc_new(l2), E_IS_TABLE);
	CHECK_REFUSED(proc_new(vspace_id()), E_TABLE_CURRENT);
	CHECK_REFUSED(proc_new(device_frame()), E_WRONG_TYPE);
	CHECK_OK(frame_pool(pool));
	CHECK_REFUSED(proc_new(pool), E_WRONG_TYPE);
}

/* Processes of frames of any size from two pages on, each with a pid of its own. */
static void check_of_frames(void)
{
	int two = take(2), many = take(7);
	int first = CHECK_OK(proc_new(two)), second = CHECK_OK(proc_new(many));
	struct message message = {{0}};

	CHECK(first > 0 && second > first);
	CHECK_REFUSED(frame_lookup(two, &(struct frame){0}), E_NO_FRAME);
	CHECK_REFUSED(proc_new(two), E_NO_FRAME);
	CHECK_REFUSED(send(first, &message), E_NO_VSPACE);
	CHECK_REFUSED(send(second, &message), E_NO_VSPACE);
}

static int own_record(void)
{
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.type == FRAME_PROC)
			return frame.f_id;
	return NO_ID;
}

/* What the page says, said again after each thing that changes it. */
static void check_information(const volatile struct proc_info *info)
{
	struct message message;
	unsigned calls;

	CHECK(info->pid > 0 && info->parent == 0 && info->l1 == vspace_id());
	CHECK(info->frames == (unsigned)frame_count());
	CHECK(info->state == PROC_READY);
	CHECK(info->sent == 0 && info->received == 0);
	calls = info->calls;
	CHECK_RESULT(frame_split(NO_SUCH_ID, 0), E_NO_FRAME);
	CHECK(info->calls == calls); /* a call that is refused has not happened */
	CHECK_OK(proc_yield());
	CHECK(info->calls == calls + 1);
	CHECK_RESULT(recv(&message), 0);
	CHECK(info->received == 1 && info->sent == 0);
	CHECK_RESULT(send(0, &message), 0);
	CHECK(info->received == 1 && info->sent == 1);
	CHECK(info->frames == (unsigned)frame_count());
}

/* The process's own frame: to look at, and nothing else. */
static int look_at_record(int unused)
{
	int record = own_record(), l1, l2, grandchild;
	struct message message = {{0}};

	(void)unused;
	CHECK(record != NO_ID && look(record).len == 2 * PAGE_SIZE);
	CHECK(space_see(record, READ_WRITE) == NULL);
	check_information(see(record, READ_ONLY));
	CHECK_REFUSED(proc_new(record), E_WRONG_TYPE);
	CHECK_REFUSED(frame_split(record, PAGE_SIZE), E_WRONG_TYPE);
	CHECK_REFUSED(frame_merge(record, record), E_WRONG_TYPE);
	CHECK_REFUSED(frame_table(record, F_TABLE_L2), E_WRONG_TYPE);
	CHECK_REFUSED(frame_pool(record), E_WRONG_TYPE);

	/* Nor does it go to another in an address space. */
	l1 = take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE);
	l2 = take_table(F_TABLE_L2, 1);
	CHECK_OK(frame_map(l1, l2, (void *)MIB, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(l2, record, (void *)MIB, READ_ONLY));
	CHECK_REFUSED(proc_new(l1), E_WRONG_TYPE);
	grandchild = CHECK_OK(proc_new(take(2)));
	CHECK_REFUSED(vspace_swap(grandchild, l1), E_WRONG_TYPE);
	CHECK_REFUSED(frame_give(l1, grandchild), E_WRONG_TYPE);
	CHECK_REFUSED(frame_give(record, grandchild), E_WRONG_TYPE);
	CHECK_OK(send(0, &message));
	return 0;
}

static void check_record(void)
{
	struct program program;
	struct message message = {{0}};

	CHECK_OK(program_copy(&program, look_at_record, 0));
	int child = CHECK_OK(program_process(&program, PROCESS_OF_FRAME));
	CHECK_RESULT(send(child, &program.start), 0);
	CHECK_OK(frame_give(take(16), child)); /* it will need some memory */
	CHECK_RESULT(send(child, &message), 0);
	CHECK_RESULT(recv(&message), child);
	CHECK_RESULT(recv(&message), child);
	CHECK_OK(process_wait(child));
}

/* From a vspace: the process owns it, with all that is mapped in it, and we no longer do. */
static void check_of_vspace(void)
{
	int l1 = take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE), l2 = take_table(F_TABLE_L2, 1);
	int page = take(1), count = frame_count();
	const unsigned *seen = (const unsigned *)look(l1).v_va;
	struct frame frame;

	CHECK_OK(frame_map(l1, l2, (void *)MIB, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(l2, page, (void *)MIB, READ_WRITE));
	CHECK(CHECK_OK(proc_new(l1)) > 0);
	CHECK_RESULT(frame_count(), count - 3);
	CHECK_RESULT(frame_lookup(l1, &frame), E_NO_FRAME);
	CHECK_RESULT(frame_lookup(l2, &frame), E_NO_FRAME);
	CHECK_RESULT(frame_lookup(page, &frame), E_NO_FRAME);
	check_hole(seen);
}

/* The record of a process of a frame is in the frame; the other's is a kernel object. */
static void check_full_pool(void)
{
	int two = take(2), l1 = take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE);

	pool_fill();
	CHECK_RESULT(proc_new(l1), E_POOL_FULL);
	CHECK_OK(proc_new(two));
	pool_release(1);
	CHECK_OK(proc_new(l1));
	pool_empty();
}

int main(void)
{
	check_kinds_of_frames();
	check_of_frames();
	check_record();
	check_of_vspace();
	check_full_pool();
	return check_passed("proc_new");
}
