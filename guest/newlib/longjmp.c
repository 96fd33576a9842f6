/* setjmp and longjmp as exceptions, out of recursion, and to the same place many times. */

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

enum { NO_ERROR, DIVISION_BY_ZERO, NEGATIVE, TOO_DEEP };

static const char *const names[] = { "no error", "division by zero", "negative", "too deep" };
static jmp_buf handler;

static int divide(int a, int b)
{
	if (b == 0)
		longjmp(handler, DIVISION_BY_ZERO);
	return a / b;
}

static double root(double x)
{
	double guess = x / 2 + 1;

	if (x < 0)
		longjmp(handler, NEGATIVE);
	for (int i = 0; i < 30; i++)
		guess = (guess + x / guess) / 2;
	return guess;
}

static int descend(int depth, int limit)
{
	char waste[100];

	snprintf(waste, sizeof waste, "depth %d", depth);
	if (depth < limit)
		return descend(depth + 1, limit) + waste[0];
	if (limit > 0)
		longjmp(handler, TOO_DEEP);
	return 0;
}

static void attempt(int what)
{
	/* Floats held over the jump: the registers that calls preserve must come back. */
	volatile double before = what * 1.25;
	int error = setjmp(handler);

	if (error != 0) {
		printf("%d: %s, %.2f\n", what, names[error], before);
		return;
	}
	switch (what % 4) {
	case 0:
		printf("%d: %d\n", what, divide(100, what - 4));
		break;
	case 1:
		printf("%d: %.6f\n", what, root(what - 4));
		break;
	case 2:
		printf("%d: %d\n", what, descend(0, what * 50));
		break;
	default:
		printf("%d: nothing\n", what);
	}
}

static void count_jumps(void)
{
	volatile int count = 0;
	jmp_buf here;
	int value = setjmp(here);

	count = count + value;
	if (value < 100)
		longjmp(here, value + 1);
	printf("sum of the jumps %d\n", count);
	printf("a jump with 0 gives %d\n",
	       (value = setjmp(here)) == 0 ? (longjmp(here, 0), 0) : value);
}

int main(void)
{
	for (int what = 0; what < 12; what++)
		attempt(what);
	count_jumps();
	if (setjmp(handler) == 0)
		exit(divide(7, 2));
	return EXIT_FAILURE;
}
