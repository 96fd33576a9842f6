/* Two processes at once: computing side by side, and as client and server with 64 pages each in use.
 *
 * Lines: "start"; "alone", after so many rounds of computing; "start" again, now with a second process;
 * "both", when both have computed as many rounds; "start"; "served", after so many messages there and
 * back.  Arguments: rounds, messages. */

#include "check.h"
#include "console.h"
#include "frames.h"
#include "process.h"
#include "timing.h"

enum { PAGES = 64, ROUND = 100000 };

static volatile unsigned char pages[PAGES * PAGE_SIZE];
static unsigned rounds, messages;

static unsigned compute(void)
{
	unsigned sum = 1;

	for (unsigned i = 0; i < rounds * ROUND; i++) {
		sum = sum * 1664525 + 1013904223;
		pages[sum >> 14] += (unsigned char)sum;
	}
	return sum;
}

static void use_all_pages(void)
{
	for (unsigned page = 0; page < PAGES; page++)
		pages[page * PAGE_SIZE]++;
}

/* The second process: computes, then answers. */
static int other(int parent)
{
	static struct message message;

	compute();
	CHECK_RESULT(send(parent, &message), 0);
	for (unsigned i = 0; i < messages; i++) {
		CHECK_OK(recv(&message));
		use_all_pages();
		CHECK_RESULT(send(parent, &message), 0);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct message message;

	rounds = argument(argc, argv, 1, 1);
	messages = argument(argc, argv, 2, 1);
	puts("start");
	compute();
	puts("alone");
	int pid = CHECK_OK(process_run(other, 0));
	puts("start");
	compute();
	CHECK_OK(process_recv(&message));
	puts("both");
	puts("start");
	for (unsigned i = 0; i < messages; i++) {
		use_all_pages();
		CHECK_RESULT(send(pid, &message), 0);
		CHECK_OK(process_recv(&message));
	}
	puts("served");
	CHECK_RESULT(process_wait(pid), 0);
	return check_passed("shapes");
}
