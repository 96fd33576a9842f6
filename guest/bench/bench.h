/* What every kernel of the benchmarks is. */
#ifndef BENCH_H
#define BENCH_H

/* Do the work so many times; a checksum that depends on all of it. */
unsigned kernel(unsigned rounds);

/* The next number of a simple generator; never 0 if the state is not. */
static inline unsigned next_random(unsigned *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif
