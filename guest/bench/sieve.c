/* Store-heavy: counting primes with the sieve of Eratosthenes. */

#include "bench.h"

enum { LIMIT = 65536 };

static unsigned char composite[LIMIT];

static unsigned primes(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < LIMIT; i++)
		composite[i] = 0;
	for (unsigned i = 2; i < LIMIT; i++) {
		if (composite[i])
			continue;
		count++;
		for (unsigned j = 2 * i; j < LIMIT; j += i)
			composite[j] = 1;
	}
	return count;
}

unsigned kernel(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned round = 0; round < rounds; round++)
		sum = sum * 31 + primes();
	return sum;
}
