/* primes N: the primes below N, each on a line; by a recursion that is deep for no reason but the stack. */

#include "../system.h"

static unsigned deep(unsigned depth)
{
	volatile char room[256];

	room[0] = 1;
	return depth == 0 ? 0 : deep(depth - 1) + (unsigned)room[0];
}

int main(int argc, char **argv)
{
	unsigned most = 0;

	system_begin();
	for (const char *at = argc > 1 ? argv[1] : "30"; *at >= '0' && *at <= '9'; at++)
		most = most * 10 + (unsigned)(*at - '0');
	if (deep(500) != 500)
		return 1;
	for (unsigned number = 2; number < most; number++) {
		bool prime = true;
		for (unsigned by = 2; by * by <= number; by++)
			prime = prime && number % by != 0;
		if (prime) {
			print_number(number);
			print("\n");
		}
	}
	return 0;
}
