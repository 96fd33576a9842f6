/* Arm and Thumb code that call each other: directly, through pointers, and back again. */

#include <stdio.h>

#define ARM __attribute__((target("arm"), noinline, noclone))
#define THUMB __attribute__((target("thumb"), noinline, noclone))

typedef unsigned step(unsigned x);

/* In interwork-arm.S and interwork-thumb.S. */
unsigned arm_add_via(step *callback, unsigned x);
unsigned thumb_add_via(step *callback, unsigned x);
unsigned arm_state(void);
unsigned thumb_state(void);

THUMB static unsigned collatz_odd(unsigned x);

ARM static unsigned collatz_even(unsigned x)
{
	return x % 2 == 0 ? collatz_even(x / 2) + 1 : collatz_odd(x);
}

THUMB static unsigned collatz_odd(unsigned x)
{
	return x == 1 ? 0 : collatz_even(3 * x + 1) + 1;
}

ARM static unsigned arm_twice(unsigned x) { return 2 * x; }
THUMB static unsigned thumb_twice(unsigned x) { return 2 * x; }
ARM static unsigned arm_through_thumb(unsigned x) { return thumb_add_via(arm_twice, x); }
THUMB static unsigned thumb_through_arm(unsigned x) { return arm_add_via(thumb_twice, x); }

static step *const steps[] = { arm_twice, thumb_twice, arm_through_thumb, thumb_through_arm };

/* A compare function in Thumb, called by an Arm sort. */
THUMB static int is_before(unsigned a, unsigned b)
{
	return a % 100 < b % 100;
}

ARM static void sort(unsigned *numbers, int count, int (*before)(unsigned, unsigned))
{
	for (int i = 1; i < count; i++)
		for (int j = i; j > 0 && before(numbers[j], numbers[j - 1]); j--) {
			unsigned swapped = numbers[j];
			numbers[j] = numbers[j - 1];
			numbers[j - 1] = swapped;
		}
}

int main(void)
{
	unsigned numbers[20];

	printf("states %u %u\n", arm_state(), thumb_state());
	for (unsigned i = 0; i < 4; i++)
		printf("step %u: %u %u %u\n", i, steps[i](5), arm_add_via(steps[i], 10),
		       thumb_add_via(steps[i], 10));
	for (unsigned x = 1; x < 40; x += 6)
		printf("collatz %u: %u\n", x, x % 2 ? collatz_odd(x) : collatz_even(x));
	for (unsigned i = 0; i < 20; i++)
		numbers[i] = i * i * 37;
	sort(numbers, 20, is_before);
	for (unsigned i = 0; i < 20; i++)
		printf("%u%c", numbers[i], i < 19 ? ' ' : '\n');
	return 0;
}
