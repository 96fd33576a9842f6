/* Store-heavy: the product of two matrices, summed up where it stands. */

#include "bench.h"

enum { SIZE = 48 };

static unsigned a[SIZE][SIZE], b[SIZE][SIZE], product[SIZE][SIZE];

static void multiply(void)
{
	for (unsigned i = 0; i < SIZE; i++)
		for (unsigned k = 0; k < SIZE; k++)
			for (unsigned j = 0; j < SIZE; j++)
				product[i][j] += a[i][k] * b[k][j];
}

unsigned kernel(unsigned rounds)
{
	unsigned state = 1, sum = 0;

	for (unsigned i = 0; i < SIZE * SIZE; i++) {
		a[i / SIZE][i % SIZE] = next_random(&state);
		b[i / SIZE][i % SIZE] = next_random(&state);
	}
	for (unsigned round = 0; round < rounds; round++)
		multiply();
	for (unsigned i = 0; i < SIZE * SIZE; i++)
		sum = sum * 31 + product[i / SIZE][i % SIZE];
	return sum;
}
