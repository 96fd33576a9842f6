/* Primes by a sieve of bits, by trial division and by witnesses; perfect numbers and factors. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LIMIT 60000

static uint32_t composite[LIMIT / 32 + 1];

static int is_composite(unsigned n)
{
	return composite[n / 32] >> n % 32 & 1;
}

static void sieve(void)
{
	for (unsigned n = 2; n * n < LIMIT; n++)
		for (unsigned multiple = n * n; !is_composite(n) && multiple < LIMIT; multiple += n)
			composite[multiple / 32] |= 1u << multiple % 32;
}

static int by_division(unsigned n)
{
	for (unsigned divisor = 2; divisor * divisor <= n; divisor++)
		if (n % divisor == 0)
			return 0;
	return n > 1;
}

static uint32_t power(uint32_t base, uint32_t exponent, uint32_t modulus)
{
	uint64_t result = 1, square = base;

	for (; exponent > 0; exponent /= 2, square = square * square % modulus)
		if (exponent & 1)
			result = result * square % modulus;
	return (uint32_t)result;
}

/* Right for all of 32 bits with these three bases. */
static int by_witnesses(uint32_t n)
{
	static const uint32_t bases[] = { 2, 7, 61 };
	int twos = __builtin_ctz(n - 1);

	for (int i = 0; i < 3; i++) {
		uint32_t x = power(bases[i], (n - 1) >> twos, n);
		int passed = bases[i] % n == 0 || x == 1 || x == n - 1;
		for (int j = 1; j < twos && !passed; j++) {
			x = (uint32_t)((uint64_t)x * x % n);
			passed = x == n - 1;
		}
		if (!passed)
			return 0;
	}
	return 1;
}

static void print_factors(uint32_t n)
{
	printf("%u =", (unsigned)n);
	for (uint32_t divisor = 2; n > 1; divisor++) {
		if (by_witnesses(n | 1) && n % 2 != 0)
			divisor = n;
		while (n % divisor == 0) {
			printf(" %u", (unsigned)divisor);
			n /= divisor;
		}
	}
	putchar('\n');
}

static void print_perfect(void)
{
	static uint32_t sums[10000];

	for (unsigned divisor = 1; divisor < 10000; divisor++)
		for (unsigned n = 2 * divisor; n < 10000; n += divisor)
			sums[n] += divisor;
	printf("perfect:");
	for (unsigned n = 2; n < 10000; n++)
		if (sums[n] == n)
			printf(" %u", n);
	putchar('\n');
}

int main(void)
{
	unsigned count = 0, last = 0, twins = 0, wrong = 0;

	sieve();
	for (unsigned n = 2; n < LIMIT; n++) {
		int prime = !is_composite(n);
		if (n < 5000)
			wrong += prime != by_division(n);
		if (n % 2 == 1 && n < 20000)
			wrong += prime != by_witnesses(n);
		if (!prime)
			continue;
		twins += n - last == 2;
		last = n;
		count++;
	}
	printf("%u primes, the last %u, %u twins, wrong %u\n", count, last, twins, wrong);
	print_perfect();
	print_factors(600851475);
	print_factors(4294967291u);
	print_factors(0x7fffffff - 6);
	print_factors(65536 * 3 * 7);
	return (int)wrong;
}
