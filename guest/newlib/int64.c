/* 64-bit arithmetic: products, quotients and shifts that take two registers. */

#include <limits.h>
#include <stdio.h>

typedef long long s64;
typedef unsigned long long u64;

static volatile s64 corners[] = {
	0, 1, -1, 3, -5, 1000000007, 0x80000000, 0xffffffff, 0x100000000, -0x100000001,
	0x123456789abcdef, -0x7edcba9876543210, LLONG_MAX, LLONG_MIN,
};
#define CORNERS (sizeof corners / sizeof *corners)

static void print_pair(s64 a, s64 b)
{
	u64 ua = (u64)a, ub = (u64)b;

	printf("%lld, %lld: + %llx - %llx * %llx cmp %d%d\n", a, b, ua + ub, ua - ub, ua * ub,
	       a < b, ua < ub);
	if (b == 0 || (a == LLONG_MIN && b == -1))
		return;
	printf("  / %lld %% %lld u/ %llu u%% %llu\n", a / b, a % b, ua / ub, ua % ub);
}

static void print_shifts(s64 a)
{
	for (volatile int by = 0; by < 64; by += 9)
		printf("%llx: << %llx >> %llx a>> %llx\n", (u64)a, (u64)a << by, (u64)a >> by,
		       (u64)(a >> by));
}

/* a * b modulo m, by the schoolbook, without a 128-bit type. */
static u64 multiply_modulo(u64 a, u64 b, u64 m)
{
	u64 result = 0;

	for (; b != 0; b >>= 1, a = a * 2 % m)
		if (b & 1)
			result = (result + a) % m;
	return result;
}

static u64 power_modulo(u64 base, u64 exponent, u64 m)
{
	u64 result = 1;

	for (; exponent != 0; exponent >>= 1, base = multiply_modulo(base, base, m))
		if (exponent & 1)
			result = multiply_modulo(result, base, m);
	return result;
}

static s64 sum_of_narrow_products(int count)
{
	s64 sum = 0;

	for (int i = -count; i < count; i++)
		sum += (s64)(i * 65537) * (i ^ 0x5a5a5a) - (s64)((u64)(unsigned)i * 0xdeadbeefu);
	return sum;
}

int main(void)
{
	const u64 prime = 0x1fffffffffffffff; /* 2^61 - 1 */

	for (unsigned i = 0; i < CORNERS; i++) {
		for (unsigned j = 0; j < CORNERS; j++)
			print_pair(corners[i], corners[j]);
		print_shifts(corners[i]);
	}
	printf("Fermat: %llu\n", power_modulo(3, prime - 1, prime));
	printf("3^12345 = %llu modulo 2^61-1\n", power_modulo(3, 12345, prime));
	printf("products %lld\n", sum_of_narrow_products(5000));
	printf("to double and back: %.0f %llu\n", (double)corners[10],
	       (u64)(double)(u64)corners[12]);
	return 0;
}
