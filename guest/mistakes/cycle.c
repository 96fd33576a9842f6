/* Mistake: processes wait for each other in a cycle.
 *
 * An argument for each child, and a last one for this process, says what each does: nothing at all, as it is never
 * started (n); send to a process (s1), call it (c1), receive once and then send or call (rs1), receive (r), fault
 * with this process as its handler (f), or end (e).
 */
#include "console.h"
#include "process.h"

#define MOST 8

static int act(const char *what)
{
	struct message message = {{0}};

	if (*what == 'r') {
		recv(&message);
		what++;
	}
	switch (*what) {
	case 's':
		return send(what[1] - '0', &message);
	case 'c':
		return call(what[1] - '0', &message);
	case 'f':
		fault_handler(0);
		return *(volatile int *)0;
	case 'e':
		return 0;
	}
	return recv(&message);
}

static char **words;

/* Each waits to be told before it does anything, so that all are there. */
static int member(int number)
{
	recv(&(struct message){{0}});
	return act(words[number]);
}

int main(int argc, char **argv)
{
	int pids[MOST + 1] = {0};

	words = argv;
	for (int i = 1; i < argc - 1; i++) {
		struct program program;

		program_copy(&program, member, i);
		pids[i] = (*argv[i] == 'n' ? program_process : program_start)(&program, PROCESS_OF_FRAME);
	}
	for (int i = 1; i < argc - 1; i++)
		if (*argv[i] != 'n')
			send(pids[i], &(struct message){{0}});
	puts("all wait");
	return act(argv[argc - 1]);
}
