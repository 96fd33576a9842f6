/* A child: a copy of this program, which begins in a function of its own and sends us a message. */

#include "console.h"
#include "process.h"

static int child(int number)
{
	struct message message = {{number * number}};

	return send(0, &message);
}

int main(void)
{
	struct message message;
	int pid = process_run(child, 12), sender = recv(&message);

	printf("process %d says %d\n", sender, message.words[0]);
	process_wait(pid);
	return 0;
}
