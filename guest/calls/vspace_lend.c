/* vspace_lend: a child runs on tables that stay ours, and we go on mapping in them. */

#include "callcheck.h"

#include "process.h"

#define STACK_PAGES 4

static volatile int shared;

/* A child that runs right here, on our own vspace, with a stack of its own. */
static int start_thread(void (*function)(int), int argument, int stack)
{
	char *low = see(stack, READ_WRITE);
	struct start start = {
		.pc = (unsigned)function, .sp = (unsigned)low + STACK_PAGES * PAGE_SIZE, .r = {(unsigned)argument},
	};
	int pid = CHECK_OK(proc_new(take(2)));

	CHECK_RESULT(vspace_lend(pid, vspace_id()), 0);
	CHECK_OK(send(pid, &start));
	return pid;
}

static void add(int number)
{
	shared += number;
	proc_exit(vspace_id());
}

static void check_threads(void)
{
	struct message message;
	int first = start_thread(add, 10, take(STACK_PAGES));
	int second = start_thread(add, 100, take(STACK_PAGES));

	for (int i = 0; i < 2; i++) {
		CHECK_RESULT(recv(&message), E_PEER_DIED);
		CHECK(message.words[0] == first || message.words[0] == second);
		CHECK(message.words[1] == DEATH_EXITED && message.words[2] == vspace_id());
	}
	CHECK(shared == 110);
}

static void touch(int va)
{
	volatile int *at = (volatile int *)va;

	for (;;) {
		struct message message;
		if (recv(&message) < 0)
			proc_exit(1);
		message.words[0] = *at;
		reply(0, &message);
	}
}

/* We map, move and unmap under it as it runs. */
static void check_mapping_under_a_child(void)
{
	struct message message = {{0}};
	int page = take(1), other = take(1), stack = take(STACK_PAGES);
	unsigned *seen = see(page, READ_WRITE);
	unsigned *second = see(other, READ_WRITE);

	*seen = 1111;
	*second = 2222;
	struct frame at = look(page), beside = look(other);
	int pid = start_thread(touch, (int)seen, stack);
	CHECK_OK(call(pid, &message));
	CHECK(message.words[0] == 1111);
	CHECK_OK(frame_unmap(page, F_MAP_PAGE));
	CHECK_OK(frame_map(at.v_id, other, (void *)at.v_va, F_MAP_PAGE | READ_WRITE));
	CHECK_OK(call(pid, &message));
	CHECK(message.words[0] == 2222);
	check_hole((void *)beside.v_va);
	CHECK_OK(frame_unmap(other, F_MAP_PAGE));
	CHECK_RESULT(call(pid, &message), E_PEER_DIED); /* it faulted */
	CHECK_OK(process_wait(pid));
}

static void check_refusals(void)
{
	int child = CHECK_OK(proc_new(take(2))), other = CHECK_OK(proc_new(take(2)));
	int l1 = take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE), l2 = take_table(F_TABLE_L2, 1);

	CHECK_REFUSED(vspace_lend(child, NO_SUCH_ID), E_NO_FRAME);
	CHECK_REFUSED(vspace_lend(child, l2), E_NOT_TABLE);
	CHECK_REFUSED(vspace_lend(NO_SUCH_ID, l1), E_NO_PROCESS);
	CHECK_REFUSED(vspace_lend(0, l1), E_NOT_ALLOWED);
	CHECK_RESULT(vspace_lend(child, l1), 0);
	CHECK(look(l1).t_flags == (F_TABLE_L1 | F_TABLE_MAPPED));
	CHECK_RESULT(vspace_lend(other, l1), 0);
	CHECK_REFUSED(frame_give(l1, child), E_TABLE_CURRENT);
	CHECK_REFUSED(vspace_swap(child, l1), E_TABLE_CURRENT);
	CHECK_REFUSED(proc_new(l1), E_TABLE_CURRENT);
	CHECK_REFUSED(frame_table(l1, F_TABLE_NO), E_TABLE_CURRENT);
	CHECK_OK(proc_end(child, 0));
	CHECK_REFUSED(frame_table(l1, F_TABLE_NO), E_TABLE_CURRENT);
	CHECK_OK(proc_end(other, 0));
	CHECK(look(l1).t_flags == F_TABLE_L1);
	CHECK_RESULT(frame_table(l1, F_TABLE_NO), 0);
}

/* Lends to a thread of its own, and ends: so does the thread. */
static void wait_for_ever(int unused)
{
	struct message message;

	(void)unused;
	for (;;)
		recv(&message);
}

static int lend_and_end(int unused)
{
	struct message message;

	(void)unused;
	CHECK_RESULT(recv(&message), 0);
	message.words[0] = start_thread(wait_for_ever, 0, take(STACK_PAGES));
	CHECK_OK(send(0, &message));
	return 3;
}

static void check_lender_ends(void)
{
	struct message message;
	int lender = CHECK_OK(process_run(lend_and_end, 0));

	CHECK_OK(frame_give(take(16), lender));
	CHECK_OK(send(lender, &message));
	CHECK_RESULT(recv(&message), lender);
	int thread = message.words[0];
	CHECK_RESULT(recv(&message), E_PEER_DIED);
	CHECK(message.words[0] == lender && message.words[2] == 3);
	CHECK_RESULT(send(thread, &message), E_NO_PROCESS);
}

int main(void)
{
	check_refusals();
	check_threads();
	check_mapping_under_a_child();
	check_lender_ends();
	return check_passed("vspace_lend");
}
