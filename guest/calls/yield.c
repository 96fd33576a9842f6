/* yield: everybody else who is ready goes first. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

static void take_turns(const char *name, int turns)
{
	for (int i = 1; i <= turns; i++) {
		printf("%s %d\n", name, i);
		CHECK_RESULT(proc_yield(), 0);
	}
}

static int child(int turns)
{
	CHECK_RESULT(recv(&(struct message){{0}}), 0);
	take_turns(turns == 2 ? "first child" : "second child", turns);
	return 0;
}

int main(void)
{
	CHECK_RESULT(proc_yield(), 0); /* with nobody there */
	CHECK_REFUSED(proc_yield(), 0);

	int first = CHECK_OK(process_run(child, 2)), second = CHECK_OK(process_run(child, 3));
	for (int i = 0; i < 4; i++)
		CHECK_OK(proc_yield()); /* until both wait to be told */
	CHECK_OK(send(first, &(struct message){{0}}));
	CHECK_OK(send(second, &(struct message){{0}}));
	take_turns("parent", 4);
	CHECK_RESULT(proc_yield(), 0);
	return check_passed("yield");
}
