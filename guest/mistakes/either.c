/* One mistake, by its number, made by the process itself or, with a second argument, by a thread of it. */
#include <stdlib.h>

#include "kernel.h"
#include "thread.h"

enum { WRITE_CONSTANT, WRITE_CODE, OVERFLOW, JUMP_TO_DATA };

static const int constant[4] = {1, 2, 3, 4};
static int nothing[4];

static int deeper(int n)
{
	volatile char local[900];

	local[0] = (char)n;
	return n < 0 ? 0 : deeper(n + 1) + local[0];
}

static int mistake(void *number)
{
	switch ((int)number) {
	case WRITE_CONSTANT:
		*(volatile int *)constant = 1;
		break;
	case WRITE_CODE:
		*(volatile int *)((unsigned)mistake & ~3u) = 1;
		break;
	case OVERFLOW:
		return deeper(0);
	case JUMP_TO_DATA:
		((void (*)(void))nothing)();
		break;
	}
	return 0;
}

int main(int argc, char **argv)
{
	void *number = (void *)(argv[1][0] - '0');

	return argc == 2 ? mistake(number) : thread_join(thread_create(mistake, number), NULL);
}
