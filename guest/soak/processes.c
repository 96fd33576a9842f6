/* processes N: that many, one after the other; and then all is as before.
 *
 * Most are a page of code in an address space that is made of the same three frames each time.  One in
 * sixteen is a copy of this program, made of pages or of an address space.  They exit, fault, or are killed
 * while they wait. */

#include "callcheck.h"

#include <string.h>

#include "process.h"
#include "soak.h"

enum { SOME = 16 };
enum { EXITS, IS_KILLED, FAULTS, WAYS };

/* What a copy does. */
static int live(int way)
{
	struct message message;

	switch (way) {
	case IS_KILLED:
		recv(&message);
		break;
	case FAULTS:
		*(volatile int *)0xdead0000 = way;
		break;
	}
	return way;
}

static void spawn_copy(unsigned number)
{
	struct program program;
	int way = (int)(number / SOME % WAYS);

	CHECK_RESULT(program_copy(&program, live, way), 0);
	int child = CHECK_OK(program_start(&program, number / SOME % 2 ? PROCESS_OF_FRAME : PROCESS_OF_VSPACE));
	if (way == IS_KILLED) {
		proc_yield();
		CHECK_RESULT(process_kill(child), 0);
	} else {
		CHECK_RESULT(process_wait(child), 0);
	}
	frame_merge_free();
}

/* The frames of a small address space, and where we see them while nobody runs in it. */
static int l1, l2, code;
static int seen_in;
static char *seen_at;

#define CHILD_VA 0x10000u

static const unsigned child_code[] = {
	0xe3500000, /* cmp r0, #0 */
	0x05901000, /* ldreq r1, [r0]: faults */
	0xe3a0c000 | CALL_EXIT, /* mov r12, #exit */
	0xef000000, /* svc #0 */
};

/* The three are ours again, and free memory; what we see is not joined to what lies beside it. */
static void take_back(void)
{
	CHECK_RESULT(frame_map(seen_in, l1, seen_at, READ_ONLY), 0);
	CHECK_RESULT(frame_map(seen_in, l2, seen_at + L1_SIZE, READ_ONLY), 0);
	CHECK_RESULT(frame_map(seen_in, code, seen_at + L1_SIZE + PAGE_SIZE, READ_WRITE), 0);
}

static void prepare(void)
{
	unsigned va;

	l1 = CHECK_OK(frame_take(L1_SIZE, L1_SIZE));
	l2 = take(1);
	code = take(1);
	seen_in = CHECK_OK(frame_find_place(L1_SIZE + 2 * PAGE_SIZE, &va));
	seen_at = (char *)va;
	take_back();
	memcpy(seen_at + L1_SIZE + PAGE_SIZE, child_code, sizeof child_code);
}

static void spawn(unsigned number)
{
	struct start start = {.pc = CHILD_VA, .r = {number % 4}};

	CHECK_RESULT(frame_table(l1, F_TABLE_L1), 0);
	CHECK_RESULT(frame_table(l2, F_TABLE_L2), 0);
	CHECK_RESULT(frame_map(l1, l2, NULL, F_MAP_TABLE_L2), 0);
	CHECK_RESULT(frame_map(l2, code, (void *)CHILD_VA, F_MAP_READ), 0);
	int child = CHECK_OK(proc_new(l1));
	CHECK_RESULT(send(child, &start), 0);
	CHECK_RESULT(process_wait(child), 0);
	take_back();
}

int main(int argc, char **argv)
{
	unsigned count = soak_count(argc, argv);

	prepare();
	spawn_copy(0);
	unsigned before = visible_state();
	for (unsigned i = 0; i < count; i++) {
		if (i % SOME == 0)
			spawn_copy(i);
		else
			spawn(i);
		soak_line(i, count);
	}
	CHECK(visible_state() == before);
	return check_passed("processes");
}
