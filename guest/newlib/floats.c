/* Single precision: rounding, denormals, infinities, NaN and conversions, shown bit by bit. */

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static volatile float corners[] = {
	0.0f, -0.0f, 1.0f, -1.5f, 0.1f, 3.14159274f, 16777216.0f, 16777217.0f, 1e-3f, 1e20f, -1e20f,
	FLT_MAX, FLT_MIN, FLT_EPSILON, 1e-40f, INFINITY, -INFINITY,
};
#define CORNERS (sizeof corners / sizeof *corners)

static unsigned bits(float x)
{
	unsigned word;

	memcpy(&word, &x, sizeof word);
	return isnan(x) ? 0x7fc00000 : word;
}

static void print_pair(float a, float b)
{
	printf("%g %g: %08x %08x %08x %08x %d%d%d%d\n", (double)a, (double)b, bits(a + b),
	       bits(a - b), bits(a * b), bits(a / b), a < b, a <= b, a == b, !!isunordered(a, b));
}

static void print_one(float a)
{
	printf("%.9g bits %08x root %08x", (double)a, bits(a), bits(sqrtf(fabsf(a))));
	if (fabsf(a) < 2e9f)
		printf(" int %d unsigned %u", (int)a, (unsigned)fabsf(a));
	printf(" long %lld\n", fabsf(a) < 9e18f ? (long long)a : -1);
}

/* Summed upwards and downwards the harmonic series differs: each addition rounds. */
static void print_harmonic(int count)
{
	float up = 0, down = 0, exact = 0, lost = 0;

	for (int i = 1; i <= count; i++) {
		volatile float term = 1.0f / (float)i - lost;
		volatile float sum = exact + term;
		lost = sum - exact;
		lost -= term;
		exact = sum;
		up += 1.0f / (float)i;
		down += 1.0f / (float)(count + 1 - i);
	}
	printf("harmonic %.9g %.9g, with the lost bits %.9g\n", (double)up, (double)down,
	       (double)exact);
}

static void print_conversions(void)
{
	for (volatile int i = 16777210; i < 16777222; i += 3)
		printf("%d -> %.1f\n", i, (double)(float)i);
	for (volatile long long i = 1; i < 1000000000000000000; i *= -77)
		printf("%lld -> %.9g %.9g\n", i, (double)(float)i,
		       (double)(float)(unsigned long long)i);
}

int main(void)
{
	for (unsigned i = 0; i < CORNERS; i++) {
		print_one(corners[i]);
		for (unsigned j = 0; j < CORNERS; j++)
			print_pair(corners[i], corners[j]);
	}
	print_harmonic(5000);
	print_conversions();
	return 0;
}
