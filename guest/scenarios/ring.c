/* A message goes round a ring of processes, each of which adds its number and passes it on. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

#define MEMBERS 5
#define ROUNDS 20

/* The first message says who comes next; of the others, words[0] is the sum and words[1] the hops. */
static int member(int number)
{
	struct message message;

	CHECK_RESULT(recv(&message), 0);
	int next = message.words[0];
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_OK(recv(&message));
		message.words[0] += number;
		message.words[1]++;
		CHECK_OK(send(next, &message));
	}
	return 0;
}

int main(void)
{
	int pids[MEMBERS + 1] = {0};
	struct message message = {{0}};

	for (int i = 1; i <= MEMBERS; i++)
		pids[i - 1] = CHECK_OK(process_run(member, i));
	pids[MEMBERS] = 0; /* the last passes it to us */
	for (int i = 0; i < MEMBERS; i++)
		CHECK_OK(send(pids[i], &(struct message){{pids[i + 1]}}));

	for (int round = 1; round <= ROUNDS; round++) {
		CHECK_OK(send(pids[0], &message));
		CHECK_RESULT(process_recv(&message), pids[MEMBERS - 1]);
		CHECK(message.words[0] == round * MEMBERS * (MEMBERS + 1) / 2);
		CHECK(message.words[1] == round * MEMBERS);
	}
	for (int i = 0; i < MEMBERS; i++)
		CHECK_OK(process_wait(pids[i]));
	printf("%d members, %d hops, sum %d\n", MEMBERS, message.words[1], message.words[0]);
	return check_passed("ring");
}
