/* Two ways to take over another process that once worked, and no longer do.
 *
 * A server names a stranger with frame_allow, so that it can receive a frame of it: that stranger could
 * swap the server's vspace, and so run code of its own as the server.  And an orphan, whom the first process
 * adopts, could do the same to any other child of that process, which had become its sibling.
 */

#include "callcheck.h"

#include "console.h"
#include "process.h"

/* Code that would run as the victim, were it not refused. */
static int triumph(int unused)
{
	(void)unused;
	puts("taken over");
	return 1;
}

/* Everything that would give power over a process, and is refused. */
static int attack(int victim)
{
	struct program program;

	CHECK_OK(program_copy(&program, triumph, 0));
	CHECK_RESULT(vspace_swap(victim, program.space.l1), E_NOT_ALLOWED);
	CHECK_RESULT(vspace_lend(victim, program.space.l1), E_NOT_ALLOWED);
	CHECK_RESULT(proc_end(victim, 1), E_NOT_ALLOWED);
	struct message message = {{0}};
	CHECK_RESULT(reply(victim, &message), E_NOT_CALLING);
	return 0;
}

/* Receives one frame of one that it names, and goes on serving. */
static int serve(int unused)
{
	struct message message;

	(void)unused;
	int client = CHECK_OK(recv(&message));
	CHECK_OK(frame_allow(message.words[0]));
	CHECK_OK(reply(client, &message));
	client = CHECK_OK(recv(&message));
	check_filled(see(message.words[0], READ_ONLY), PAGE_SIZE, 5);
	message.words[0] = 4711;
	return reply(client, &message);
}

/* Is told of the server, gives it a frame, and tries for more. */
static int stranger(int unused)
{
	struct message message;
	int page;

	(void)unused;
	CHECK_OK(recv(&message));
	int server = message.words[0];
	page = take(1);
	fill(see(page, READ_WRITE), PAGE_SIZE, 5);
	CHECK_RESULT(frame_give(page, server), page);
	attack(server);
	message.words[0] = page;
	CHECK_OK(call(server, &message));
	CHECK(message.words[0] == 4711);
	return 0;
}

/* Makes the stranger, so that it is nobody's sibling, and tells who it is. */
static int raise_stranger(int unused)
{
	struct message message;

	(void)unused;
	CHECK_OK(recv(&message));
	int child = CHECK_OK(process_run(stranger, 0));
	CHECK_OK(frame_give(CHECK_OK(frame_take(MIB, MIB)), child));
	CHECK_OK(pool_give(child, 40));
	message.words[0] = child;
	CHECK_OK(send(0, &message));
	return process_wait(child);
}

static void check_stranger_with_leave(void)
{
	struct message message = {{0}};
	int server = CHECK_OK(process_run(serve, 0)), mother = CHECK_OK(process_run(raise_stranger, 0));

	CHECK_OK(frame_give(CHECK_OK(frame_take(3 * MIB, MIB)), mother));
	CHECK_OK(pool_give(mother, 200));
	CHECK_OK(send(mother, &message));
	CHECK_RESULT(recv(&message), mother);
	int other = message.words[0];
	CHECK_OK(call(server, &message)); /* the server allows it */
	CHECK_OK(send(other, &(struct message){{server}}));
	CHECK_OK(process_wait(mother));
	CHECK_OK(process_wait(server));
	puts("a stranger with leave to give gives, and takes nothing over");
}

static int idle(int unused)
{
	struct message message;

	(void)unused;
	while (recv(&message) == 0)
		;
	return 0;
}

/* An orphan, told who is now a child of the same parent as itself. */
static int orphan(int unused)
{
	struct message message;

	(void)unused;
	CHECK_OK(recv(&message));
	int victim = message.words[0], page = take(1);
	CHECK_RESULT(frame_give(page, victim), E_NOT_ALLOWED); /* it is no sibling either */
	attack(victim);
	return 0;
}

static int leave_orphan(int unused)
{
	struct message message;

	(void)unused;
	CHECK_OK(recv(&message));
	int child = CHECK_OK(process_run(orphan, 0));
	CHECK_OK(frame_give(CHECK_OK(frame_take(MIB, MIB)), child));
	CHECK_OK(pool_give(child, 40));
	message.words[0] = child;
	return send(0, &message);
}

static void check_orphan(void)
{
	struct message message = {{0}};
	int victim = CHECK_OK(process_run(idle, 0)), mother = CHECK_OK(process_run(leave_orphan, 0));

	CHECK_OK(frame_give(CHECK_OK(frame_take(3 * MIB, MIB)), mother));
	CHECK_OK(pool_give(mother, 200));
	CHECK_OK(send(mother, &message));
	CHECK_RESULT(recv(&message), mother);
	int child = message.words[0];
	CHECK_OK(process_wait(mother));
	CHECK_OK(send(child, &(struct message){{victim}}));
	CHECK_OK(process_outlive(child));
	CHECK_OK(send(victim, &message)); /* which is as it was */
	CHECK_OK(proc_end(victim, 0));
	puts("an orphan takes over nobody whom it has not made");
}

int main(void)
{
	check_stranger_with_leave();
	check_orphan();
	return check_passed("takeover");
}
