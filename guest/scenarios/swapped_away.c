/* A parent ends a child by making an L1 with nothing in it the vspace that the child runs on. */

#include "callcheck.h"
#include "frames.h"
#include "process.h"
#include "space.h"

static int go_on(int times)
{
	while (times-- > 0)
		proc_yield();
	return 0;
}

int main(void)
{
	struct death death;
	int child = CHECK_OK(process_run(go_on, 1000));

	proc_yield();
	CHECK_OK(vspace_swap(child, CHECK_OK(space_take_table(F_TABLE_L1, L1_SIZE))));
	CHECK_OK(process_wait_for(child, &death));
	CHECK(death.how == DEATH_FAULTED && death.status == FAULT_MEMORY_ACCESS);
	return check_passed("swapped_away");
}
