/* Calls: through function pointers, as an interpreter makes them. */

#include "bench.h"

enum { OPERATIONS = 8, LENGTH = 4096 };

typedef unsigned operation(unsigned accumulator, unsigned operand);

static unsigned add(unsigned x, unsigned y) { return x + y; }
static unsigned subtract(unsigned x, unsigned y) { return x - y; }
static unsigned multiply(unsigned x, unsigned y) { return x * (y | 1); }
static unsigned exclusive_or(unsigned x, unsigned y) { return x ^ y; }
static unsigned rotate(unsigned x, unsigned y) { return x >> (y & 31) | x << (-y & 31); }
static unsigned shift(unsigned x, unsigned y) { return x + (x << (y & 7)); }
static unsigned larger(unsigned x, unsigned y) { return x > y ? x : y + 1; }
static unsigned complement(unsigned x, unsigned y) { return ~x + y; }

static operation *const operations[OPERATIONS] = {
	add, subtract, multiply, exclusive_or, rotate, shift, larger, complement,
};

static unsigned char program[LENGTH];

unsigned kernel(unsigned rounds)
{
	unsigned state = 1, accumulator = 0;

	for (unsigned i = 0; i < LENGTH; i++)
		program[i] = (unsigned char)(next_random(&state) % OPERATIONS);
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < LENGTH; i++)
			accumulator = operations[program[i]](accumulator, i);
	return accumulator;
}
