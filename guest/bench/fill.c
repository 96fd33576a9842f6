/* Store-heavy: a plain loop that stores words. */

#include "bench.h"

enum { WORDS = 16384 };

static unsigned buffer[WORDS];

unsigned kernel(unsigned rounds)
{
	for (unsigned round = 1; round <= rounds; round++)
		for (unsigned i = 0; i < WORDS; i++)
			buffer[i] = round;
	return buffer[0] + buffer[WORDS - 1];
}
