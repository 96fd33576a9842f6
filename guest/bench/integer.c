/* Integer arithmetic in registers: shifts, products, quotients. */

#include "bench.h"

unsigned kernel(unsigned rounds)
{
	unsigned state = 1, sum = 0;

	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 1; i <= 10000; i++) {
			unsigned word = next_random(&state);
			unsigned long long wide = (unsigned long long)word * i;

			sum = (sum << 7 | sum >> 25) + (unsigned)(wide >> 32) + word / i;
		}
	return sum;
}
