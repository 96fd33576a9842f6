/* A pager: memory that is there when it is touched. */

#include "console.h"
#include "paging.h"

#define REGION ((volatile int *)0x60000000)

static int child(int unused)
{
	(void)unused;
	fault_handler(0);
	REGION[5] = 7;
	return REGION[5] + REGION[100000];
}

int main(void)
{
	struct program program;
	struct event event;
	int f_id;

	program_copy_lent(&program, child, 0);
	program_start(&program, PROCESS_LENT);
	while (pager_next(&event) == 0 && event.kind == EVENT_FAULT) {
		printf("process %d wants %x\n", event.pid, event.fault.va);
		pager_page(&f_id);
		pager_show(&program.space, f_id, event.fault.va, F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC);
		pager_retry(event.pid);
	}
	printf("process %d has ended with %d\n", event.pid, event.death.status);
	return 0;
}
