/* vspace_id: the L1 that we run on, and it is one of our frames. */

#include "callcheck.h"

#include "process.h"
#include "tables.h"

/* A child's own L1: a frame that it owns, and not its parent's. */
static int tell_vspace(int parents_l1)
{
	struct message message = {{vspace_id()}};

	CHECK(vspace_id() != parents_l1);
	CHECK(look(vspace_id()).t_flags == (F_TABLE_L1 | F_TABLE_MAPPED));
	CHECK_RESULT(frame_lookup(parents_l1, &(struct frame){0}), E_NO_FRAME);
	CHECK_OK(send(0, &message));
	return 0;
}

int main(void)
{
	struct message message;
	int l1 = vspace_id();
	unsigned current = 0;
	struct frame frame;

	CHECK(look(l1).t_flags == (F_TABLE_L1 | F_TABLE_MAPPED) && look(l1).len == L1_SIZE);
	take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE);
	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		current += frame.t_flags == (F_TABLE_L1 | F_TABLE_MAPPED);
	CHECK(current == 1);

	int child = CHECK_OK(process_run(tell_vspace, l1));
	CHECK_RESULT(recv(&message), child);
	CHECK(message.words[0] != l1);
	CHECK_OK(process_wait(child));
	CHECK(look(message.words[0]).t_flags == F_TABLE_NO); /* its memory has come to us */
	CHECK(vspace_id() == l1);
	return check_passed("vspace_id");
}
