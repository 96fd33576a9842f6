/* calls N: about that many calls of many kinds, every fifth of them refused; and then all is as before. */

#include "callcheck.h"

#include "soak.h"

enum { CALLS_A_ROUND = 20 };

/* Two pages off the end of a frame of four: seen, made a table, and joined again. */
static void use_two_pages(int memory, int table, char *va)
{
	struct frame frame;
	int first = CHECK_OK(frame_split(memory, 2 * PAGE_SIZE));
	int second = CHECK_OK(frame_split(first, PAGE_SIZE));

	CHECK_RESULT(frame_map(table, second, va, READ_WRITE), 0);
	*(volatile int *)va = first;
	CHECK_RESULT(frame_map(table, second, va + 1, READ_WRITE), E_UNALIGNED);
	CHECK_RESULT(frame_lookup(second, &frame), 0);
	CHECK(frame.v_va == (unsigned)va);
	CHECK_RESULT(frame_unmap(second, F_MAP_PAGE), 0);
	CHECK_RESULT(console_write(va, 1), E_BAD_POINTER);
	CHECK_RESULT(frame_map(table, first, va, READ_ONLY), 0);
	CHECK_RESULT(frame_table(first, F_TABLE_L2), 0);
	CHECK_RESULT(frame_table(first, F_TABLE_NO), 0);
	CHECK_RESULT(frame_unmap(first, F_MAP_PAGE), 0);
	CHECK_OK(frame_merge(first, second));
	CHECK_OK(frame_merge(memory, first));
	CHECK_RESULT(frame_unmap(second, F_MAP_PAGE), E_NO_FRAME);
}

static void look_around(void)
{
	static char message[MESSAGE_SIZE];
	struct frame frame;

	CHECK_OK(frame_count());
	CHECK_RESULT(frame_info(0, &frame), 0);
	CHECK_OK(vspace_id());
	CHECK_RESULT(frame_allow(NO_ID), 0);
	CHECK_RESULT(send(NO_SUCH_ID, message), E_NO_PROCESS);
	proc_yield();
}

int main(int argc, char **argv)
{
	unsigned rounds = soak_count(argc, argv) / CALLS_A_ROUND;
	int memory = take(4), table;
	unsigned va;

	table = CHECK_OK(frame_find_place(4 * PAGE_SIZE, &va));
	for (unsigned i = 0; i < rounds; i++) {
		use_two_pages(memory, table, (char *)va);
		look_around();
		soak_line(i, rounds);
	}
	CHECK(look(memory).len == 4 * PAGE_SIZE);
	return check_passed("calls");
}
