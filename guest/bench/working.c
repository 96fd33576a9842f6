/* Loads and stores over more memory than a TLB holds, in one of three orders.
 *
 * The number says how: bits 0 to 19 the KiB to go over, a power of two, bits 20 and 21 the order,
 * from bit 22 on the rounds. */

#include "bench.h"

enum {
	ACCESSES = 1 << 19, /* a round: each a load and a store of a word */
	MOST = 64 << 20,
	WORDS = MOST / sizeof(unsigned),
	PAGE_WORDS = 1024,
	STRIDE = 3 * PAGE_WORDS + 16 /* another page each time, and all of them before one again */
};

enum order { SEQUENTIAL, STRIDED, RANDOM };

static unsigned memory[WORDS];

static unsigned sequential(unsigned words, unsigned sum)
{
	for (unsigned i = 0; i < ACCESSES; i++)
		sum += memory[i & (words - 1)]++;
	return sum;
}

static unsigned strided(unsigned words, unsigned sum)
{
	for (unsigned i = 0, at = 0; i < ACCESSES; i++, at += STRIDE)
		sum += memory[at & (words - 1)]++;
	return sum;
}

static unsigned at_random(unsigned words, unsigned sum)
{
	unsigned state = sum | 1;

	for (unsigned i = 0; i < ACCESSES; i++)
		sum += memory[next_random(&state) & (words - 1)]++;
	return sum;
}

unsigned kernel(unsigned number)
{
	unsigned words = (number & 0xfffff) * (1024 / sizeof(unsigned));
	enum order order = number >> 20 & 3;
	unsigned sum = 1;

	for (unsigned rounds = number >> 22; rounds > 0; rounds--)
		sum = order == SEQUENTIAL ? sequential(words, sum)
		    : order == STRIDED    ? strided(words, sum)
		                          : at_random(words, sum);
	return sum;
}
