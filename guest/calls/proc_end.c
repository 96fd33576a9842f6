/* proc_end: a parent ends its child, whatever that does, and is not told what it knows. */

#include "callcheck.h"

#include "process.h"

enum what { SPIN, SEND, RECEIVE, CALL, HOLD, KINDS, END };

static int busy(int what)
{
	struct message message = {{what}};

	switch (what) {
	case SPIN:
		for (;;)
			proc_yield();
	case SEND:
		return send(0, &message);
	case RECEIVE:
		return recv(&message);
	case CALL:
		return call(0, &message);
	case END:
		return 0;
	default:
		CHECK_OK(proc_new(take(2)));
		return recv(&message);
	}
}

static void check_whatever_it_does(int what)
{
	int before, child;

	frame_merge_free();
	before = frame_count();
	child = CHECK_OK(process_run(busy, what));
	CHECK_OK(frame_give(take(8), child));
	for (int i = 0; i < 4; i++)
		proc_yield();
	CHECK_RESULT(proc_end(child, 5), 0);
	CHECK_REFUSED(proc_end(child, 5), E_NO_PROCESS);
	frame_merge_free();
	if (what != HOLD) /* which leaves a child, and that its memory */
		CHECK(frame_count() == before);
}

static int end_others(int sibling)
{
	struct message message;

	CHECK_REFUSED(proc_end(0, 1), E_NOT_ALLOWED); /* its parent */
	CHECK_REFUSED(proc_end(sibling, 1), E_NOT_ALLOWED);
	CHECK_REFUSED(proc_end(NO_SUCH_ID, 1), E_NO_PROCESS);
	return recv(&message);
}

static void check_whom(void)
{
	struct message message;
	int sibling = CHECK_OK(proc_new(take(2)));
	int child = CHECK_OK(process_run(end_others, sibling));

	for (int i = 0; i < 20; i++)
		proc_yield();
	CHECK_REFUSED(proc_end(0, 1), E_NOT_ALLOWED);
	CHECK_REFUSED(proc_end(NO_ID, 1), E_NO_PROCESS);
	CHECK_OK(proc_end(sibling, 0));
	CHECK_OK(proc_end(child, 0));
	/* Of none of them have we been told: the next news is of one that ends by itself. */
	child = CHECK_OK(process_run(busy, END));
	CHECK_RESULT(recv(&message), E_PEER_DIED);
	CHECK(message.words[0] == child && message.words[1] == DEATH_EXITED);
}

int main(void)
{
	for (int what = 0; what < KINDS; what++)
		check_whatever_it_does(what);
	check_whom();
	return check_passed("proc_end");
}
