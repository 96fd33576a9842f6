/* Mistake: a request is sent to a child that has ended instead of waiting for it. */

#include "console.h"
#include "process.h"

typedef int numbers[MESSAGE_SIZE / sizeof(int)];

/* Divides what it is sent; without a divisor there is nothing to do. */
static int divide(int divisor)
{
	numbers message;

	if (divisor == 0)
		return 1;
	for (;;) {
		int client = recv(message);
		message[0] /= divisor;
		send(client, message);
	}
}

static int ask(int server, int number)
{
	numbers message = {number};
	int result = send(server, message);

	if (result == 0)
		result = recv(message);
	return result < 0 ? result : message[0];
}

int main(void)
{
	int server = process_run(divide, 0);

	printf("ask: %s\n", error_name(ask(server, 7)));
	printf("ask again: %s\n", error_name(ask(server, 8)));
	return 1;
}
