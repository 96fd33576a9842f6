/* Loads: following pointers through memory, and adding up what is there. */

#include "bench.h"

enum { WORDS = 16384 };

static unsigned next[WORDS], value[WORDS];

/* A single cycle through all words, in an order that jumps about. */
static void prepare(void)
{
	for (unsigned i = 0; i < WORDS; i++) {
		next[i] = (i * 5 + 12345) % WORDS;
		value[i] = i ^ i << 16;
	}
}

unsigned kernel(unsigned rounds)
{
	unsigned at = 0, sum = 0;

	prepare();
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < WORDS; i++) {
			sum += value[i] + value[at];
			at = next[at];
		}
	return sum;
}
