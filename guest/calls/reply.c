/* reply: answers a call that was received, once, and never waits. */

#include "callcheck.h"

#include "process.h"

static int ask(int unused)
{
	struct message message = {{1}};

	(void)unused;
	CHECK_RESULT(call(0, &message), 0);
	CHECK(message.words[0] == 2);
	return 0;
}

static void check_once(void)
{
	struct message message;
	int client = CHECK_OK(process_run(ask, 0));

	proc_yield(); /* it has called, and we have not received it */
	CHECK_REFUSED(reply(client, &message), E_NOT_CALLING);
	CHECK_RESULT(recv(&message), client);
	CHECK(message.words[0] == 1);
	message.words[0] = 2;
	for (unsigned i = 0; i < BAD_TO_READ; i++) {
		const void *bad = bad_pointer(i, MESSAGE_SIZE);
		CHECK_REFUSED(reply(client, bad), E_BAD_POINTER);
	}
	CHECK_RESULT(reply(client, &message), 0);
	CHECK_RESULT(reply(client, &message), E_NOT_CALLING);
	CHECK_OK(process_wait(client));
	CHECK_REFUSED(reply(client, &message), E_NO_PROCESS);
}

/* A client that only sends, and never receives what its server would send back, wedges nobody. */
static int send_and_turn_away(int unused)
{
	struct message message = {{3}};

	(void)unused;
	CHECK_OK(send(0, &message));
	for (;;)
		proc_yield();
	return 0;
}

static void check_client_that_does_not_wait(void)
{
	struct message message;
	int client = CHECK_OK(process_run(send_and_turn_away, 0));

	CHECK_RESULT(recv(&message), client);
	CHECK_REFUSED(reply(client, &message), E_NOT_CALLING);
	CHECK_OK(proc_end(client, 0));
}

/* Replies to a call that somebody else received: tries, at least. */
static int spoof(int client)
{
	struct message message = {{0xbad}};

	CHECK_RESULT(reply(client, &message), E_NOT_CALLING);
	return 0;
}

static void check_spoofing(void)
{
	struct message message;
	int client = CHECK_OK(process_run(ask, 0));

	CHECK_RESULT(recv(&message), client);
	CHECK_OK(process_wait(CHECK_OK(process_run(spoof, client))));
	message.words[0] = 2;
	CHECK_OK(reply(client, &message));
	CHECK_OK(process_wait(client));
}

int main(void)
{
	CHECK_REFUSED(reply(NO_SUCH_ID, &(struct message){{0}}), E_NO_PROCESS);
	CHECK_REFUSED(reply(0, &(struct message){{0}}), E_NOT_CALLING);
	check_once();
	check_client_that_does_not_wait();
	check_spoofing();
	return check_passed("reply");
}
