/* A server that keeps an account for each of its clients, and serves them in the order they come. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

#define CLIENTS 4
#define REQUESTS 3

/* Answer every request with the client's balance.  Then tell the parent whom it has served, in order. */
static int server(int unused)
{
	struct message message, log = {{0}};
	int balance[8] = {0};

	(void)unused;
	for (int i = 0; i < CLIENTS * REQUESTS; i++) {
		int client = CHECK_OK(recv(&message));
		balance[message.words[0]] += message.words[1];
		log.words[i] = message.words[0];
		message.words[1] = balance[message.words[0]];
		CHECK_OK(send(client, &message));
	}
	CHECK_OK(send(0, &log));
	return 0;
}

/* Told by its parent where the server is, pay in a few times. */
static int client(int number)
{
	struct message message;
	int sum = 0;

	CHECK_RESULT(recv(&message), 0);
	int server_pid = message.words[0];
	for (int i = 1; i <= REQUESTS; i++) {
		message = (struct message){{number, number * 100 + i}};
		sum += number * 100 + i;
		CHECK_OK(send(server_pid, &message));
		CHECK_RESULT(recv(&message), server_pid);
		CHECK(message.words[0] == number && message.words[1] == sum);
	}
	return 0;
}

int main(void)
{
	int server_pid = CHECK_OK(process_run(server, 0)), clients[CLIENTS];
	struct message message = {{server_pid}};

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = CHECK_OK(process_run(client, i + 1));
	for (int i = 0; i < 2 * CLIENTS; i++)
		CHECK_OK(proc_yield()); /* until all wait for this: */
	for (int i = 0; i < CLIENTS; i++)
		CHECK_OK(send(clients[i], &message));

	CHECK_RESULT(process_recv(&message), server_pid);
	printf("served:");
	for (int i = 0; i < CLIENTS * REQUESTS; i++)
		printf(" %d", message.words[i]);
	printf("\n");
	for (int i = 0; i < CLIENTS; i++)
		CHECK_OK(process_wait(clients[i]));
	CHECK_OK(process_wait(server_pid));
	return check_passed("server");
}
