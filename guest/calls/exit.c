/* exit: the end of a process, whose memory goes to its parent, and of the machine with the first. */

#include "callcheck.h"

#include "process.h"

/* Ends with tables, pages, a frame given to it and a child that has not started. */
static int leave_everything(int gift)
{
	CHECK_RESULT(recv(&(struct message){{0}}), 0);
	see(gift, READ_WRITE);
	take_table(F_TABLE_L2, 1);
	CHECK_OK(proc_new(take(2)));
	proc_exit(7);
}

static unsigned total_memory(void)
{
	struct frame frame;
	unsigned total = 0;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.type == FRAME_MEM)
			total += frame.len;
	return total;
}

/* Of what it left nothing is mapped, and no table is a table. */
static void check_left_clean(unsigned known)
{
	struct frame frame;

	for (unsigned i = known; frame_info(i, &frame) == 0; i++) {
		CHECK(frame.type == FRAME_MEM);
		CHECK(!frame_is_viewed(&frame) && frame_is_table(&frame, F_TABLE_NO));
		CHECK(!frame_is_hung(&frame) && frame.t_id == NO_ID);
	}
}

static void check_memory_comes_back(void)
{
	unsigned total = total_memory();
	int gift = take(3);
	struct program program;
	struct message message = {{0}};

	fill(see(gift, READ_WRITE), 3 * PAGE_SIZE, 1);
	CHECK_OK(program_copy(&program, leave_everything, gift));
	int l1 = program.space.l1;
	int child = CHECK_OK(program_start(&program, PROCESS_OF_FRAME));
	CHECK_OK(frame_give(gift, child));
	CHECK_OK(frame_give(take(8), child));
	CHECK(total_memory() < total);
	unsigned known = (unsigned)frame_count();
	CHECK_OK(send(child, &message));
	CHECK_OK(process_wait(child));

	check_left_clean(known);
	check_filled(see(gift, READ_ONLY), 3 * PAGE_SIZE, 1); /* memory as it was */
	check_zero(see(l1, READ_ONLY), L1_SIZE);              /* tables as if never used */
	CHECK(total_memory() + 2 * PAGE_SIZE == total);       /* its child lives on, ours now */
	CHECK_OK(frame_give(l1, child + 1));
	CHECK_RESULT(send(child, &message), E_NO_PROCESS);
}

int main(void)
{
	check_memory_comes_back();
	check_passed("exit");
	proc_exit(42);
}
