/* An assertion that fails: its message on standard error, and the status of abort. */

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	signals = number;
}

static void check_sorted(const int *numbers, int count)
{
	for (int i = 1; i < count; i++)
		assert(numbers[i - 1] <= numbers[i]);
}

int main(int argc, char **argv)
{
	static const int sorted[] = { 1, 2, 2, 3 }, unsorted[] = { 1, 3, 2 };

	check_sorted(sorted, 4);
	signal(SIGUSR1, on_signal);
	raise(SIGUSR1);
	printf("signal %s\n", signals == SIGUSR1 ? "handled" : "lost");
	if (argc > 1 && strcmp(argv[1], "handle") == 0) {
		signal(SIGABRT, on_signal);
		printf("raise gives %d, %s\n", raise(SIGABRT),
		       signals == SIGABRT ? "handled" : "lost");
		signal(SIGABRT, SIG_DFL);
	}
	fflush(stdout);
	if (argc > 1 && strcmp(argv[1], "raise") == 0)
		raise(SIGTERM);
	check_sorted(unsorted, 3);
	puts("not reached");
	return 0;
}
