/* vspace_swap: to another address space, one's own or that of a child. */

#include "callcheck.h"

#include <string.h>

#include "process.h"

/* From swapped_code.S: a function, and a process, around which the address space may change. */
typedef void visit(int there, int here, const void *address, int answers[2]);
extern const char swapped_code[], swapped_teller[], swapped_code_end[];

/* Where they and what they use are in every address space here. */
#define CODE_VA 0x40000000u
#define DATA_VA 0x40001000u
#define BUFFER_VA 0x40002000u

/* A page to be mapped at CODE_VA, and one for DATA_VA that begins with this word. */
static int take_code(void)
{
	int f_id = take(1);

	memcpy(see(f_id, READ_WRITE), swapped_code, (size_t)(swapped_code_end - swapped_code));
	return f_id;
}

static int take_data(int word)
{
	int f_id = take(1);

	*(int *)see(f_id, READ_WRITE) = word;
	return f_id;
}

/* An address space for a teller.  buffer_rights: to where its messages go. */
static struct space make_space(int word, unsigned buffer_rights)
{
	struct space space;

	CHECK_OK(space_begin(&space));
	CHECK_OK(space_map(&space, take_code(), CODE_VA, F_MAP_READ));
	CHECK_OK(space_map(&space, take_data(word), DATA_VA, READ_WRITE));
	CHECK_OK(space_map(&space, take(1), BUFFER_VA, buffer_rights));
	return space;
}

#define SPACE_FRAMES 5 /* an L1, an L2 and three pages */

/* There and back again.  In between the same address means something else. */
static void check_own(void)
{
	int here = vspace_id(), own_data = take_data(0x0a11), answers[2];
	struct space other = make_space(0x07e4, READ_WRITE), own = {.l1 = here};
	visit *visit_there = (visit *)CODE_VA;

	CHECK_OK(space_map(&own, take_code(), CODE_VA, F_MAP_READ));
	CHECK_OK(space_map(&own, own_data, DATA_VA, READ_WRITE));

	CHECK(look(other.l1).t_flags == F_TABLE_L1);
	visit_there(other.l1, here, (const void *)DATA_VA, answers);
	CHECK(answers[0] == 0x07e4 && answers[1] == other.l1);
	CHECK(vspace_id() == here && look(other.l1).t_flags == F_TABLE_L1);
	visit_there(here, here, (const void *)DATA_VA, answers); /* to where one is: no change */
	CHECK(answers[0] == 0x0a11 && answers[1] == here);
	check_view(own_data);
	space_drop(&other);
}

static void check_refusals(void)
{
	int child = CHECK_OK(proc_new(take(2)));
	int l1 = take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE), l2 = take_table(F_TABLE_L2, 1);
	int page = take(1);

	CHECK_REFUSED(vspace_swap(0, NO_SUCH_ID), E_NO_FRAME);
	CHECK_REFUSED(vspace_swap(NO_SUCH_ID, NO_ID), E_NO_FRAME);
	CHECK_REFUSED(vspace_swap(0, page), E_NOT_TABLE);
	CHECK_REFUSED(vspace_swap(0, l2), E_NOT_TABLE);
	CHECK_REFUSED(vspace_swap(NO_SUCH_ID, l1), E_NO_PROCESS);
	CHECK_REFUSED(vspace_swap(-1, l1), E_NO_PROCESS);
	CHECK_REFUSED(vspace_swap(child, vspace_id()), E_TABLE_CURRENT);
	CHECK_RESULT(vspace_swap(0, vspace_id()), 0); /* from where one is to where one is */
	CHECK_OK(vspace_swap(child, l1));
	CHECK_REFUSED(vspace_swap(child, l1), E_NO_FRAME);
}

/* A child may not do to its parent what the parent may do to it. */
static int swap_parents_vspace(int unused)
{
	int l1;

	(void)unused;
	CHECK_RESULT(recv(&(struct message){{0}}), 0);
	l1 = take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE);
	CHECK_REFUSED(vspace_swap(0, l1), E_NOT_ALLOWED);
	CHECK_REFUSED(vspace_swap(0, vspace_id()), E_NOT_ALLOWED);
	return 0;
}

static void check_not_allowed(void)
{
	int child = CHECK_OK(process_run(swap_parents_vspace, 0));

	CHECK_OK(frame_give(CHECK_OK(frame_take(L1_SIZE, L1_SIZE)), child));
	CHECK_OK(send(child, &(struct message){{0}}));
	CHECK_OK(process_wait(child));
}

static struct message ask(int child)
{
	struct message message = {{0}};

	CHECK_OK(send(child, &message));
	CHECK_RESULT(recv(&message), child);
	return message;
}

static int start_teller(const struct space *space)
{
	const unsigned teller = CODE_VA + (unsigned)(swapped_teller - swapped_code);
	struct start start = {.pc = teller, .r = {BUFFER_VA, DATA_VA}};
	int child = CHECK_OK(proc_new(space->l1));

	CHECK_OK(send(child, &start));
	return child;
}

/* A child that waits in one address space wakes up in another; the first stays its own. */
static void check_child(void)
{
	struct space first = make_space(1, READ_WRITE), second = make_space(2, READ_WRITE);
	struct space third = make_space(3, READ_ONLY);
	int child = start_teller(&first);
	struct message answer = ask(child);

	CHECK(answer.words[0] == 0 && answer.words[1] == 1);
	CHECK(answer.words[2] == first.l1 && answer.words[3] == SPACE_FRAMES);

	CHECK_RESULT(vspace_swap(child, second.l1), 0);
	CHECK_RESULT(frame_lookup(second.l1, &(struct frame){0}), E_NO_FRAME);
	answer = ask(child);
	CHECK(answer.words[0] == 0 && answer.words[1] == 2);
	CHECK(answer.words[2] == second.l1 && answer.words[3] == 2 * SPACE_FRAMES);

	/* Where it waits for its message nothing may be written any more. */
	CHECK_RESULT(vspace_swap(child, third.l1), 0);
	answer = ask(child);
	CHECK(answer.words[0] == E_BAD_POINTER && answer.words[1] == 3);
	CHECK(answer.words[2] == third.l1 && answer.words[3] == 3 * SPACE_FRAMES);

	/* In an address space with nothing in it there is no going on. */
	CHECK_OK(process_kill(child));
	CHECK(look(first.l1).t_flags == F_TABLE_NO && look(third.l1).t_flags == F_TABLE_NO);
}

int main(void)
{
	check_own();
	check_refusals();
	check_not_allowed();
	check_child();
	return check_passed("vspace_swap");
}
