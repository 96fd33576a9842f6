/* Calls a function again and again: how long a breakpoint there takes whose condition does not hold.
 *
 * Argument: how often. */

#include "check.h"
#include "console.h"
#include "timing.h"

static volatile unsigned seen;

static __attribute__((noinline)) void visit(unsigned number)
{
	seen = number;
}

int main(int argc, char **argv)
{
	unsigned visits = argument(argc, argv, 1, 1);

	for (unsigned number = 1; number <= visits; number++)
		visit(number);
	return check_passed("visits");
}
