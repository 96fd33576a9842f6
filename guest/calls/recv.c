/* recv: the messages that come, in the order in which they were sent. */

#include "callcheck.h"

#include <string.h>

#include "process.h"

#define SENDERS 4

static int send_fill(int seed)
{
	unsigned words[MESSAGE_SIZE / sizeof(unsigned)];

	fill(words, sizeof words, (unsigned)seed);
	CHECK_RESULT(send(0, words), 0);
	return 0;
}

/* Let the others go as far as they can without us. */
static void let_others_run(void)
{
	for (int i = 0; i < 4 * SENDERS; i++)
		CHECK_RESULT(proc_yield(), 0);
}

/* First come, first served; each message whole, and not a byte beyond it. */
static void check_order(void)
{
	struct {
		unsigned before, words[MESSAGE_SIZE / sizeof(unsigned)], after;
	} room;
	int senders[SENDERS];

	for (int i = 0; i < SENDERS; i++)
		senders[i] = CHECK_OK(process_run(send_fill, i));
	let_others_run();
	for (unsigned i = 0; i < SENDERS; i++) {
		memset(&room, 0xa5, sizeof room);
		CHECK_RESULT(recv(room.words), senders[i]);
		check_filled(room.words, sizeof room.words, i);
		CHECK(room.before == 0xa5a5a5a5 && room.after == 0xa5a5a5a5);
	}
	for (int i = 0; i < SENDERS; i++)
		CHECK_OK(process_wait(senders[i]));
}

/* Whether somebody sends already or nobody does, a bad place is refused at once. */
static void check_bad_pointers(void)
{
	struct message message;

	for (unsigned i = 0; i < BAD_TO_WRITE; i++) {
		void *bad = bad_pointer(i, MESSAGE_SIZE);
		CHECK_REFUSED(recv(bad), E_BAD_POINTER);
	}
	int sender = CHECK_OK(process_run(send_fill, 9));
	let_others_run();
	for (unsigned i = 0; i < BAD_TO_WRITE; i++) {
		void *bad = bad_pointer(i, MESSAGE_SIZE);
		CHECK_REFUSED(recv(bad), E_BAD_POINTER);
	}
	CHECK_RESULT(recv(&message), sender); /* it has waited all the time */
	check_filled(&message, sizeof message, 9);
	CHECK_OK(process_wait(sender));
}

static void check_across_pages(void)
{
	char *seen = see(take(2), READ_WRITE);
	int sender = CHECK_OK(process_run(send_fill, 5));

	fill(seen, 2 * PAGE_SIZE, 1);
	CHECK_RESULT(recv(seen + PAGE_SIZE - 20), sender);
	check_filled(seen + PAGE_SIZE - 20, MESSAGE_SIZE, 5);
	check_filled(seen, PAGE_SIZE - 20, 1);
	CHECK_OK(process_wait(sender));
}

/* A child that ends is news to its parent, while it waits or later. */
static int end_late(int turns)
{
	while (turns-- > 0)
		proc_yield();
	return 0;
}

static void check_child_ends(void)
{
	struct message message = {{0x1234}};
	int child = CHECK_OK(process_run(end_late, 3));

	CHECK_RESULT(recv(&message), E_PEER_DIED);
	CHECK(message.words[0] == child && message.words[1] == DEATH_EXITED);
	CHECK(message.words[2] == 0 && message.words[3] == 0);
	CHECK_RESULT(send(child, &message), E_NO_PROCESS);
}

int main(void)
{
	check_order();
	check_bad_pointers();
	check_across_pages();
	check_child_ends();
	return check_passed("recv");
}
