/* Store-heavy: sorting words by insertion in short steps (Shell's sort). */

#include "bench.h"

enum { WORDS = 4096 };

static unsigned words[WORDS];

static void sort(void)
{
	for (unsigned gap = 1093; gap > 0; gap /= 3)
		for (unsigned i = gap; i < WORDS; i++) {
			unsigned word = words[i], j = i;

			for (; j >= gap && words[j - gap] > word; j -= gap)
				words[j] = words[j - gap];
			words[j] = word;
		}
}

unsigned kernel(unsigned rounds)
{
	unsigned state = 1, sum = 0;

	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < WORDS; i++)
			words[i] = next_random(&state);
		sort();
		sum = sum * 31 + words[WORDS / 2];
	}
	return sum;
}
