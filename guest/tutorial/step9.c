/* A thread: a child on our own address space, which we only lend. */

#include "console.h"
#include "thread.h"

static int shared;

static int add(void *number)
{
	shared += (int)number;
	return shared;
}

int main(void)
{
	int first = thread_create(add, (void *)40), result;

	thread_join(first, &result);
	int second = thread_create(add, (void *)2);
	thread_join(second, &result);
	printf("together that is %d\n", result);
	return 0;
}
