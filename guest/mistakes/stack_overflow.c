/* Mistake: a recursion that never ends, because its end is never reached exactly. */

#include "console.h"

static unsigned digit_sum(unsigned n)
{
	volatile unsigned digits[64];

	if (n == 10)
		return 1;
	digits[n % 64] = n % 10;
	return digit_sum(n / 10) + digits[n % 64];
}

int main(void)
{
	printf("the digit sum of 1018 is %u\n", digit_sum(1018));
	printf("the digit sum of 1234 is %u\n", digit_sum(1234));
	return 0;
}
