/* Calls: a function that calls itself twice. */

#include "bench.h"

__attribute__((noinline, optimize("no-optimize-sibling-calls"))) static unsigned fibonacci(unsigned n);

static unsigned fibonacci(unsigned n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

unsigned kernel(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned round = 0; round < rounds; round++)
		sum = sum * 31 + fibonacci(18 + round % 2);
	return sum;
}
