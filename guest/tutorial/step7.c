/* A server: it answers calls, and cannot be kept from it. */

#include "console.h"
#include "process.h"

static int serve(int unused)
{
	struct message message;

	(void)unused;
	for (;;) {
		int client = recv(&message);
		message.words[0] += 1;
		reply(client, &message);
	}
	return 0;
}

int main(void)
{
	struct message message = {{41}};
	int server = process_run(serve, 0);

	call(server, &message);
	printf("the server makes it %d\n", message.words[0]);
	proc_end(server, 0);
	return 0;
}
