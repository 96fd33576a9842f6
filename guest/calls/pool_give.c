/* pool_give: room for kernel objects moves from one account to another's. */

#include "callcheck.h"

#include "process.h"

/* Split what memory comes, until that is refused; say how often it was not. */
static int count_room(int unused)
{
	struct message message;
	int count = 0;

	(void)unused;
	CHECK_RESULT(recv(&message), 0);
	int f_id = message.words[0];
	for (; (f_id = frame_split(f_id, PAGE_SIZE)) >= 0; count++)
		;
	CHECK(f_id == E_POOL_FULL);
	message.words[0] = count;
	CHECK_OK(send(0, &message));
	CHECK_REFUSED(pool_give(0, 0), E_NOT_ALLOWED); /* nobody has named us */
	return 0;
}

/* A process begins without room, and has what it is given. */
static void check_child(unsigned room)
{
	struct program program;
	int memory = take(64);

	CHECK_OK(program_copy(&program, count_room, 0));
	int child = CHECK_OK(proc_new(program.space.l1));
	CHECK_RESULT(pool_give(child, room), 0);
	CHECK_OK(send(child, &program.start));
	CHECK_RESULT(frame_give(memory, child), memory);
	struct message message = {{memory}};
	CHECK_OK(send(child, &message));
	CHECK_RESULT(recv(&message), child);
	CHECK(message.words[0] == (int)room);
	CHECK_OK(process_wait(child));
	frame_merge_free();
}

static void check_refusals(void)
{
	int child = CHECK_OK(proc_new(take(2)));

	CHECK_REFUSED(pool_give(NO_SUCH_ID, 1), E_NO_PROCESS);
	CHECK_REFUSED(pool_give(NO_ID, 1), E_NO_PROCESS);
	CHECK_REFUSED(pool_give(0, 1), E_TO_SELF);
	CHECK_REFUSED(pool_give(child, 0xffffffff), E_POOL_FULL);
	CHECK_REFUSED(pool_give(child, 0x80000000), E_POOL_FULL);
	CHECK_RESULT(pool_give(child, 0), 0);
	CHECK_OK(proc_end(child, 0));
}

/* What one has given away one has no more, and has again when the other one has ended. */
static void check_both_accounts(void)
{
	int child = CHECK_OK(proc_new(take(2))), cut = take(4);
	unsigned all = pool_fill();

	pool_release(2);
	CHECK_OK(pool_give(child, 2));
	CHECK_REFUSED(frame_split(cut, PAGE_SIZE), E_POOL_FULL);
	CHECK_REFUSED(pool_give(child, 1), E_POOL_FULL);
	CHECK_OK(proc_end(child, 0)); /* which needs no room */
	int upper = CHECK_OK(frame_split(cut, PAGE_SIZE));
	CHECK_OK(frame_split(upper, PAGE_SIZE));
	CHECK_REFUSED(pool_give(0, 0), E_TO_SELF);
	pool_empty();
	CHECK(all > 2);
}

int main(void)
{
	check_refusals();
	check_child(0);
	check_child(5);
	check_both_accounts();
	return check_passed("pool_give");
}
