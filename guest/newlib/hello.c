/* The least that a hosted C program does. */

#include <stdio.h>

int main(void)
{
	puts("Hello, world.");
	return 0;
}
