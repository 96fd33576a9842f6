/* Generators of random numbers, and the tests that they must pass. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define DRAWS 8000

static uint32_t lcg_state = 1, xorshift_state = 2463534242u;
static uint64_t pcg_state = 0x853c49e6748fea9b, split_state = 42;

static uint32_t lcg(void)
{
	lcg_state = lcg_state * 1664525 + 1013904223;
	return lcg_state;
}

static uint32_t xorshift(void)
{
	xorshift_state ^= xorshift_state << 13;
	xorshift_state ^= xorshift_state >> 17;
	xorshift_state ^= xorshift_state << 5;
	return xorshift_state;
}

static uint32_t pcg(void)
{
	uint64_t old = pcg_state;
	uint32_t shifted = (uint32_t)((old >> 18 ^ old) >> 27), by = (uint32_t)(old >> 59);

	pcg_state = old * 6364136223846793005 + 0xda3e39cb94b95bdb;
	return shifted >> by | shifted << (-by & 31);
}

static uint32_t splitmix(void)
{
	uint64_t z = split_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)(z >> 32);
}

/* The Mersenne twister. */
static uint32_t twister[624];
static int twister_at = 624;

static void start_twister(uint32_t seed)
{
	twister[0] = seed;
	for (uint32_t i = 1; i < 624; i++)
		twister[i] = 1812433253 * (twister[i - 1] ^ twister[i - 1] >> 30) + i;
}

static void twist(void)
{
	for (int i = 0; i < 624; i++) {
		uint32_t y = (twister[i] & 0x80000000) | (twister[(i + 1) % 624] & 0x7fffffff);
		twister[i] = twister[(i + 397) % 624] ^ y >> 1 ^ (y & 1 ? 0x9908b0df : 0);
	}
	twister_at = 0;
}

static uint32_t mersenne(void)
{
	if (twister_at == 624)
		twist();
	uint32_t y = twister[twister_at++];
	y ^= y >> 11;
	y ^= y << 7 & 0x9d2c5680;
	y ^= y << 15 & 0xefc60000;
	return y ^ y >> 18;
}

static uint32_t library(void)
{
	return (uint32_t)rand() << 17 ^ (uint32_t)rand() << 2;
}

static double pi_by_darts(uint32_t (*next)(void))
{
	int inside = 0;

	for (int i = 0; i < DRAWS; i++) {
		double x = next() / 4294967296.0, y = next() / 4294967296.0;
		inside += x * x + y * y < 1;
	}
	return 4.0 * inside / DRAWS;
}

/* Chi squared over 16 buckets of the upper bits. */
static double unevenness(uint32_t (*next)(void))
{
	int buckets[16] = { 0 };
	double sum = 0;

	for (int i = 0; i < DRAWS; i++)
		buckets[next() >> 28]++;
	for (int i = 0; i < 16; i++)
		sum += (buckets[i] - DRAWS / 16.0) * (buckets[i] - DRAWS / 16.0) / (DRAWS / 16.0);
	return sum;
}

int main(void)
{
	static const struct { const char *name; uint32_t (*next)(void); } all[] = {
		{ "lcg", lcg }, { "xorshift", xorshift }, { "pcg", pcg }, { "splitmix", splitmix },
		{ "mersenne", mersenne }, { "library", library },
	};

	start_twister(5489);
	srand(17);
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		printf("%s:", all[i].name);
		for (int draw = 0; draw < 5; draw++)
			printf(" %08x", (unsigned)all[i].next());
		printf(" pi %.4f chi %.3f\n", pi_by_darts(all[i].next), unevenness(all[i].next));
	}
	return 0;
}
