/* Branches that depend on data: how long Collatz sequences are, told apart by many cases. */

#include "bench.h"

static unsigned length(unsigned n)
{
	unsigned steps = 0;

	for (; n != 1; steps++) {
		switch (n & 7) {
		case 0: n >>= 3; steps += 2; break;
		case 2: case 6: n >>= 1; break;
		case 4: n >>= 2; steps++; break;
		case 5: n = (3 * n + 1) >> 3; steps += 3; break;
		default: n += (n >> 1) + 1; steps++; break;
		}
	}
	return steps;
}

unsigned kernel(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned round = 0; round < rounds; round++)
		for (unsigned n = 1; n <= 1000; n++)
			sum = sum * 31 + length(n);
	return sum;
}
