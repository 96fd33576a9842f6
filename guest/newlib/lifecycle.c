/* What runs before and after main: constructors by priority, atexit in reverse, and the status. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char order[32];
static int initialised = 42;
static int zero;

static void note(char letter)
{
	size_t len = strlen(order);

	order[len] = letter;
}

__attribute__((constructor(201))) static void second(void) { note('b'); }
__attribute__((constructor(101))) static void first(void) { note('a'); }
__attribute__((constructor)) static void third(void) { note('c'); }

__attribute__((destructor)) static void last(void)
{
	note('z');
	printf("destructor: %s\n", order);
}

static void at_exit_one(void)
{
	note('1');
	printf("registered first: %s\n", order);
}

static void at_exit_two(void)
{
	note('2');
	printf("registered second: %s\n", order);
	/* Registered now, run next. */
	atexit(at_exit_one);
}

int main(int argc, char **argv)
{
	note('m');
	printf("main: %s %d %d\n", order, initialised, zero);
	atexit(at_exit_one);
	atexit(at_exit_two);
	if (argc > 1 && strcmp(argv[1], "abort") == 0)
		abort();
	if (argc > 1 && strcmp(argv[1], "quick") == 0)
		_Exit(7);
	if (argc > 1)
		exit(atoi(argv[1]));
	return 3;
}
