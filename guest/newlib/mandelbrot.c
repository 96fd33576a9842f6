/* The Mandelbrot set in text: by doubles, by floats and by fixed point; how far they agree. */

#include <stdio.h>

#define WIDTH 72
#define HEIGHT 24
#define LIMIT 120

static const char shades[] = " .:-=+*#%@";

static int by_double(double cr, double ci)
{
	double zr = 0, zi = 0;
	int count = 0;

	for (; count < LIMIT && zr * zr + zi * zi < 4; count++) {
		double next = zr * zr - zi * zi + cr;
		zi = 2 * zr * zi + ci;
		zr = next;
	}
	return count;
}

static int by_float(float cr, float ci)
{
	float zr = 0, zi = 0;
	int count = 0;

	for (; count < LIMIT && zr * zr + zi * zi < 4; count++) {
		float next = zr * zr - zi * zi + cr;
		zi = 2 * zr * zi + ci;
		zr = next;
	}
	return count;
}

/* 24 bits behind the point. */
static int product(int a, int b)
{
	return (int)((long long)a * b >> 24);
}

static int by_fixed_point(int cr, int ci)
{
	int zr = 0, zi = 0, count = 0;

	for (; count < LIMIT && product(zr, zr) + product(zi, zi) < 4 << 24; count++) {
		int next = product(zr, zr) - product(zi, zi) + cr;
		zi = 2 * product(zr, zi) + ci;
		zr = next;
	}
	return count;
}

int main(void)
{
	unsigned sums[3] = { 0 }, different = 0;

	for (int row = 0; row < HEIGHT; row++) {
		for (int column = 0; column < WIDTH; column++) {
			double x = -2.2 + column * 3.2 / WIDTH, y = -1.2 + row * 2.4 / HEIGHT;
			int d = by_double(x, y), f = by_float((float)x, (float)y);
			int i = by_fixed_point((int)(x * (1 << 24)), (int)(y * (1 << 24)));
			sums[0] += (unsigned)d, sums[1] += (unsigned)f, sums[2] += (unsigned)i;
			different += d != f || d != i;
			putchar(shades[d == LIMIT ? 9 : d * 9 / LIMIT + (d > 4)]);
		}
		putchar('\n');
	}
	printf("%u %u %u, different at %u\n", sums[0], sums[1], sums[2], different);
	return 0;
}
