/* One process waits for the console, and another one computes meanwhile. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

static int take_line(int unused)
{
	char text[32];

	(void)unused;
	int len = CHECK_OK(console_read(text, sizeof text - 1));
	text[len] = '\0';
	printf("read: %s", text);
	return 0;
}

static volatile unsigned sum;

int main(void)
{
	int reader = CHECK_OK(process_run(take_line, 0));

	for (unsigned turn = 0; turn < 20; turn++) {
		for (unsigned i = 0; i < 20000; i++)
			sum += i;
		proc_yield();
	}
	puts("computed");
	CHECK_OK(process_wait(reader));
	return check_passed("patient");
}
