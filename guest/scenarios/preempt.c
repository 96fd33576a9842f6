/* Two children that only ever compute, and make no calls, do not keep their parent from its turn. */

#include "callcheck.h"

#include "console.h"
#include "process.h"

static volatile unsigned turns;

static int spin(int step)
{
	for (;;)
		turns += (unsigned)step;
	return 0;
}

/* Many slices' worth of work, which the others get in between. */
static unsigned work(void)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < 500000; i++)
		sum = sum * 31 + *(volatile unsigned *)&i;
	return sum;
}

int main(void)
{
	unsigned alone = work();
	int first = CHECK_OK(process_run(spin, 1)), second = CHECK_OK(process_run(spin, 2));

	for (int i = 1; i <= 5; i++) {
		CHECK_OK(proc_yield());
		CHECK(work() == alone);
		printf("my turn %d\n", i);
	}
	CHECK(turns == 0); /* they count in their own memory */
	CHECK_OK(process_kill(first));
	CHECK_OK(process_kill(second));
	CHECK_RESULT(send(first, &(struct message){{0}}), E_NO_PROCESS);
	frame_merge_free();
	return check_passed("preempt");
}
