/* frame_allow: one process more that may give us frames, until we say otherwise. */

#include "callcheck.h"

#include "process.h"

/* A child that tries to give its parent a frame each time it is told to, and tells what came of it. */
static int give_to_parent(int unused)
{
	struct message message;

	(void)unused;
	for (;;) {
		CHECK_RESULT(recv(&message), 0);
		if (message.words[0] == NO_ID)
			return 0;
		message.words[0] = frame_give(message.words[0], 0);
		CHECK_OK(send(0, &message));
	}
}

/* Let the child have a page and try to give it back.  What frame_give told it. */
static int try(int child)
{
	int page = take(1);
	struct message message = {{page}};

	CHECK_OK(frame_give(page, child));
	CHECK_OK(send(child, &message));
	CHECK_RESULT(recv(&message), child);
	if (message.words[0] >= 0)
		CHECK(message.words[0] == page && look(page).len == PAGE_SIZE);
	return message.words[0];
}

static void end(int child)
{
	struct message message = {{NO_ID}};

	CHECK_OK(send(child, &message));
	CHECK_OK(process_wait(child));
}

int main(void)
{
	int first = CHECK_OK(process_run(give_to_parent, 0));
	int second = CHECK_OK(process_run(give_to_parent, 0));

	CHECK_REFUSED(frame_allow(0), E_TO_SELF);
	CHECK_REFUSED(frame_allow(NO_SUCH_ID), E_NO_PROCESS);
	CHECK_REFUSED(frame_allow(-2), E_NO_PROCESS);
	CHECK(try(first) == E_NOT_ALLOWED);

	CHECK_RESULT(frame_allow(first), 0);
	CHECK(try(first) >= 0);
	CHECK(try(first) >= 0); /* not only once */
	CHECK(try(second) == E_NOT_ALLOWED);

	CHECK_RESULT(frame_allow(second), 0); /* one at a time */
	CHECK(try(second) >= 0);
	CHECK(try(first) == E_NOT_ALLOWED);
	CHECK_REFUSED(frame_allow(NO_SUCH_ID), E_NO_PROCESS);
	CHECK(try(second) >= 0);

	CHECK_RESULT(frame_allow(-1), 0);
	CHECK(try(first) == E_NOT_ALLOWED);
	CHECK(try(second) == E_NOT_ALLOWED);

	/* With the process the permission ends. */
	CHECK_RESULT(frame_allow(second), 0);
	end(second);
	CHECK(try(first) == E_NOT_ALLOWED);
	CHECK_REFUSED(frame_allow(second), E_NO_PROCESS);
	end(first);
	return check_passed("frame_allow");
}
