/* Double precision: the same sums by several ways, and numbers at the ends of the range. */

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static unsigned long long bits(double x)
{
	unsigned long long word;

	memcpy(&word, &x, sizeof word);
	return isnan(x) ? 0x7ff8000000000000 : word;
}

static double f(double x)
{
	return x * x * x - 2 * x - 5;
}

/* Newton's own example. */
static double newton(double x)
{
	for (int i = 0; i < 12; i++)
		x -= f(x) / (3 * x * x - 2);
	return x;
}

static double bisect(double low, double high)
{
	while (high - low > DBL_EPSILON * high) {
		double middle = low + (high - low) / 2;
		if (middle == low || middle == high)
			break;
		if (f(middle) < 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static double simpson(double low, double high, int steps)
{
	double width = (high - low) / steps, sum = f(low) + f(high);

	for (int i = 1; i < steps; i++)
		sum += f(low + i * width) * (i % 2 ? 4 : 2);
	return sum * width / 3;
}

/* Machin's formula, with the series written out. */
static double arctan_of_inverse(int x)
{
	double power = 1.0 / x, sum = power;

	for (int i = 3; i < 60; i += 2) {
		power /= -(double)x * x;
		sum += power / i;
	}
	return sum;
}

static void print_ends(void)
{
	volatile double x = 1;
	int up = 0, down = 0;

	for (; !isinf(x); x *= 2)
		up++;
	for (x = 1; x > 0; x /= 2)
		down++;
	printf("%d doublings, %d halvings\n", up, down);
	x = DBL_MIN;
	for (int i = 0; i < 4; i++, x /= 3)
		printf("%.17g %016llx %s\n", x, bits(x),
		       fpclassify(x) == FP_NORMAL ? "normal" : "denormal");
	x = 0;
	printf("%016llx %016llx %016llx\n", bits(1 / x), bits(-1 / x), bits(x / x));
}

int main(void)
{
	printf("newton %.17g\nbisect %.17g\n", newton(2), bisect(2, 3));
	printf("simpson %.15g\n", simpson(0, 3, 300));
	printf("pi %.16g\n", 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239)));
	print_ends();
	for (volatile int i = 0; i < 60; i += 7)
		printf("%.20g %.17g %lld\n", 1.0 / (1ll << i), sqrt(i),
		       (long long)pow(3.5, i / 2.0));
	return 0;
}
