/* Two children lose their parent, one running and one not yet started.  The first process adopts them. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

/* Where a process of a frame sees its own struct proc_info. */
static const volatile struct proc_info *own_info(void)
{
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.type == FRAME_PROC)
			return see(frame.f_id, READ_ONLY);
	return NULL;
}

/* Says who its parent is, each time it is asked. */
static int name_parent(int times)
{
	const volatile struct proc_info *info = own_info();
	struct message message;

	CHECK(info != NULL);
	while (times-- > 0) {
		CHECK_RESULT(recv(&message), 0);
		message.words[0] = info->parent;
		CHECK_OK(send(0, &message));
	}
	return 0;
}

/* Starts one child, prepares another, tells of both, and ends when told to. */
static int leave_children(int unused)
{
	struct program running, waiting;
	struct message message;

	(void)unused;
	CHECK_RESULT(recv(&message), 0);
	CHECK_OK(program_copy(&running, name_parent, 2));
	CHECK_OK(program_copy(&waiting, name_parent, 1));
	message.words[0] = CHECK_OK(program_start(&running, PROCESS_OF_FRAME));
	message.words[1] = CHECK_OK(program_process(&waiting, PROCESS_OF_FRAME));
	CHECK_OK(send(0, &message));
	CHECK_OK(send(0, &waiting.start));
	CHECK_RESULT(recv(&message), 0);
	return 0;
}

static int ask_for_parent(int child)
{
	struct message message = {{0}};

	CHECK_OK(send(child, &message));
	CHECK_RESULT(recv(&message), child);
	return message.words[0];
}

int main(void)
{
	int parent = CHECK_OK(process_run(leave_children, 0)), frames = 0;
	struct message message = {{0}}, start;

	CHECK_OK(frame_give(CHECK_OK(frame_take(2 * MIB, MIB)), parent));
	CHECK_OK(send(parent, &message));
	CHECK_RESULT(recv(&message), parent);
	CHECK_RESULT(recv(&start), parent);
	int running = message.words[0], waiting = message.words[1];

	CHECK(ask_for_parent(running) == parent);
	CHECK_OK(send(parent, &message));
	CHECK_OK(process_wait(parent));
	puts("the parent has ended");
	frames = frame_count();
	CHECK(ask_for_parent(running) == 0);
	CHECK_OK(process_outlive(running));
	CHECK(frame_count() > frames); /* we have adopted it, so its memory is ours */

	/* What its parent did not live to start, its new parent may. */
	CHECK_OK(send(waiting, &start));
	CHECK(ask_for_parent(waiting) == 0);
	CHECK_OK(process_outlive(waiting));
	frame_merge_free();
	return check_passed("orphans");
}
