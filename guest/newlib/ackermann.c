/* Recursion that is deep and nothing else. */

#include <stdio.h>

static unsigned calls, depth, deepest;

__attribute__((noinline)) static unsigned ackermann(unsigned m, unsigned n)
{
	unsigned result;

	calls++;
	if (++depth > deepest)
		deepest = depth;
	if (m == 0)
		result = n + 1;
	else if (n == 0)
		result = ackermann(m - 1, 1);
	else
		result = ackermann(m - 1, ackermann(m, n - 1));
	depth--;
	return result;
}

__attribute__((noinline)) static int odd(unsigned n);

__attribute__((noinline)) static int even(unsigned n)
{
	return n == 0 ? 1 : odd(n - 1);
}

static int odd(unsigned n)
{
	return n == 0 ? 0 : even(n - 1);
}

static unsigned fibonacci(unsigned n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

int main(void)
{
	for (unsigned m = 0; m < 4; m++)
		for (unsigned n = 0; n < 6; n++) {
			calls = deepest = 0;
			unsigned result = ackermann(m, n);
			printf("A(%u,%u) = %u, %u calls, %u deep\n", m, n, result, calls, deepest);
		}
	for (unsigned n = 1; n < 3000; n = n * 3 + 1)
		printf("%u is %s\n", n, even(n) ? "even" : odd(n) ? "odd" : "neither");
	printf("fibonacci(22) = %u\n", fibonacci(22));
	return 0;
}
