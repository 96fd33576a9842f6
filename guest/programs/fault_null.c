/* Reads through a null pointer: page 0 is never mapped. */

#include "console.h"

static int read_through(const volatile int *pointer)
{
	return *pointer;
}

int main(void)
{
	puts("about to read address 0");
	int value = read_through(NULL);
	printf("FAIL: read %d\n", value);
	return 0;
}
