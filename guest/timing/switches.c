/* What a switch to another process costs, beside a call that switches nothing.
 *
 * Lines: "start"; "call", after ten times as many calls of vspace_id, so that they take about as long as what
 * follows; "start" again, now with a second process in an address space of its own; "yield", after as many
 * yields by each of the two; "start"; "message", after as many messages from one to the other.
 * Argument: how many. */

#include "check.h"
#include "console.h"
#include "process.h"
#include "timing.h"

static volatile unsigned turns; /* each process has its own */
static unsigned count;

static void yield_often(void)
{
	for (unsigned i = 0; i < count; i++) {
		turns++;
		proc_yield();
	}
}

/* The second process: as many turns, then as many messages. */
static int other(int number)
{
	char message[MESSAGE_SIZE];

	count = (unsigned)number;
	yield_often();
	for (unsigned i = 0; i < count; i++)
		CHECK_OK(recv(message));
	return 0;
}

int main(int argc, char **argv)
{
	static char message[MESSAGE_SIZE];

	count = argument(argc, argv, 1, 1);
	puts("start");
	for (unsigned i = 0; i < 10 * count; i++) {
		turns++;
		vspace_id();
	}
	puts("call");
	int pid = CHECK_OK(process_run(other, (int)count));
	puts("start");
	yield_often();
	puts("yield");
	proc_yield();
	puts("start");
	for (unsigned i = 0; i < count; i++)
		CHECK_RESULT(send(pid, message), 0);
	puts("message");
	CHECK_RESULT(process_wait(pid), 0);
	return check_passed("switches");
}
