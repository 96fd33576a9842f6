/* For programs that check themselves: say what failed and where, and stop. */

#include "check.h"

#include <stdlib.h>

#include "console.h"
#include "kernel.h"

static _Noreturn void fail(const char *what, const char *file, int line)
{
	printf("FAIL %s:%d: %s\n", file, line, what);
	exit(EXIT_FAILURE);
}

static const char *result_name(int result)
{
	return result < 0 ? error_name(result) : "no error";
}

void check_that(bool holds, const char *expression, const char *file, int line)
{
	if (!holds)
		fail(expression, file, line);
}

void check_result(int result, int wanted, const char *call, const char *file, int line)
{
	if (result == wanted)
		return;
	printf("got %d (%s), wanted %d (%s)\n", result, result_name(result), wanted, result_name(wanted));
	fail(call, file, line);
}

int check_ok(int result, const char *call, const char *file, int line)
{
	if (result >= 0)
		return result;
	printf("got %d (%s)\n", result, error_name(result));
	fail(call, file, line);
}

int check_passed(const char *name)
{
	printf("PASS %s\n", name);
	return EXIT_SUCCESS;
}
