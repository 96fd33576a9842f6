/* Floating point in registers: how soon points leave the Mandelbrot set. */

#include "bench.h"

enum { SIZE = 32, STEPS = 100 };

static unsigned escape(double x, double y)
{
	double re = 0, im = 0;
	unsigned step = 0;

	while (step < STEPS && re * re + im * im < 4) {
		double next = re * re - im * im + x;

		im = 2 * re * im + y;
		re = next;
		step++;
	}
	return step;
}

unsigned kernel(unsigned rounds)
{
	unsigned sum = 0;

	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < SIZE * SIZE; i++)
			sum = sum * 31 + escape((int)(i % SIZE) * (3.0 / SIZE) - 2.0,
			                        (int)(i / SIZE) * (2.0 / SIZE) - 1.0);
	return sum;
}
