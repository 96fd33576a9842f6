/* The first process has a fault handler, which ends it: and with it the machine. */

#include "callcheck.h"

#include "console.h"
#include "paging.h"

static int handle(int unused)
{
	struct event event;

	(void)unused;
	CHECK_OK(pager_next(&event));
	CHECK(event.kind == EVENT_FAULT && event.pid == 0 && event.fault.va == 8);
	check_passed("ended_by_handler");
	pager_end(0);
	return 1; /* nobody comes here: the machine has stopped */
}

static volatile unsigned nowhere = 8;

int main(void)
{
	int handler = CHECK_OK(process_run(handle, 0));

	puts("the first process has a handler");
	CHECK_OK(fault_handler(handler));
	return *(volatile int *)nowhere;
}
