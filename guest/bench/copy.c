/* Store-heavy: copying bytes, one by one. */

#include "bench.h"

enum { BYTES = 32768 };

static unsigned char from[BYTES], to[BYTES];

unsigned kernel(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned round = 0; round < rounds; round++) {
		from[round % BYTES] = (unsigned char)(round + 1);
		for (unsigned i = 0; i < BYTES; i++)
			to[i] = from[i];
		sum = sum * 31 + to[round % BYTES];
	}
	return sum;
}
