/* call: a message and the wait for its reply in one. */

#include "callcheck.h"

#include "process.h"

/* Answer so many calls with one more than was asked. */
static int serve(int count)
{
	struct message message;

	while (count-- > 0) {
		int client = CHECK_OK(recv(&message));
		message.words[0]++;
		CHECK_RESULT(reply(client, &message), 0);
	}
	return 0;
}

static void check_conversation(void)
{
	struct message message;
	int server = CHECK_OK(process_run(serve, 50));

	for (int i = 0; i < 50; i++) {
		message.words[0] = i;
		message.words[15] = ~i;
		CHECK_RESULT(call(server, &message), 0);
		CHECK(message.words[0] == i + 1 && message.words[15] == ~i);
	}
	CHECK_OK(process_wait(server));
	CHECK_RESULT(call(server, &message), E_NO_PROCESS);
}

/* Ends with our call received, or not. */
static int let_down(int receives)
{
	struct message message;

	if (receives)
		CHECK_OK(recv(&message));
	else
		proc_yield();
	return 0;
}

static void check_let_down(int receives)
{
	struct message message = {{0x77}};
	int server = CHECK_OK(process_run(let_down, receives));

	CHECK_RESULT(call(server, &message), E_PEER_DIED);
	CHECK(message.words[0] == 0x77);
	CHECK_OK(process_wait(server));
}

/* Others send while we wait for the reply: it is the reply that comes. */
static int interrupt_then_serve(int unused)
{
	struct message message;

	(void)unused;
	int client = CHECK_OK(recv(&message));
	int other = message.words[1];
	CHECK_OK(send(other, &message)); /* which now sends to the client, and waits */
	proc_yield();
	message.words[0] = 0x0b;
	return reply(client, &message);
}

static int interrupt(int unused)
{
	struct message message;

	(void)unused;
	CHECK_OK(recv(&message));
	message.words[0] = 0x0a;
	return send(0, &message);
}

static void check_nobody_elses_message(void)
{
	struct message message = {{0}};
	int server = CHECK_OK(process_run(interrupt_then_serve, 0));
	int other = CHECK_OK(process_run(interrupt, 0));

	message.words[1] = other;
	CHECK_RESULT(call(server, &message), 0);
	CHECK(message.words[0] == 0x0b);
	CHECK_RESULT(process_recv(&message), other);
	CHECK(message.words[0] == 0x0a);
	CHECK_OK(process_wait(server));
	CHECK_OK(process_wait(other));
}

static void check_refusals(void)
{
	struct message message;
	int idle = CHECK_OK(proc_new(take(2)));

	CHECK_REFUSED(call(NO_SUCH_ID, &message), E_NO_PROCESS);
	CHECK_REFUSED(call(0, &message), E_TO_SELF);
	for (unsigned i = 0; i < BAD_TO_WRITE; i++) {
		void *bad = bad_pointer(i, MESSAGE_SIZE);
		CHECK_REFUSED(call(idle, bad), E_BAD_POINTER);
	}
	CHECK_OK(proc_end(idle, 0));
}

int main(void)
{
	check_refusals();
	check_conversation();
	check_let_down(0);
	check_let_down(1);
	check_nobody_elses_message();
	return check_passed("call");
}
