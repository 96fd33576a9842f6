/* thread_pointer: what user mode reads in TPIDRURO and cannot write; each process has its own. */

#include "callcheck.h"

#include "process.h"

static unsigned read_pointer(void)
{
	unsigned va;

	__asm__ volatile("mrc p15, 0, %0, c13, c0, 3" : "=r"(va));
	return va;
}

static int write_it(int value)
{
	__asm__ volatile("mcr p15, 0, %0, c13, c0, 3" : : "r"(value));
	return 0;
}

/* Others have turns between: the register comes back with ours. */
static int keep_own(int value)
{
	CHECK(read_pointer() == 0);
	for (unsigned i = 0; i < 4; i++) {
		CHECK_RESULT(thread_pointer((void *)(value + i)), 0);
		proc_yield();
		CHECK(read_pointer() == value + i);
	}
	return 0;
}

int main(void)
{
	struct death death;

	CHECK(read_pointer() == 0);
	for (unsigned i = 0; i < 3; i++) { /* any address will do, and any more often */
		static const unsigned values[] = {0xFFFFFFFF, 3, 0x12345678};
		CHECK_RESULT(thread_pointer((void *)values[i]), 0);
		CHECK(read_pointer() == values[i]);
	}
	int first = CHECK_OK(process_run(keep_own, 0x1000)), second = CHECK_OK(process_run(keep_own, 0x2000));
	CHECK_OK(process_wait(first));
	CHECK(read_pointer() == 0x12345678);
	CHECK_OK(process_wait(second));
	int writer = CHECK_OK(process_run(write_it, 7));
	CHECK_OK(process_wait_for(writer, &death));
	CHECK(death.how == DEATH_FAULTED && death.status == FAULT_UNDEFINED_INSTRUCTION);
	CHECK(read_pointer() == 0x12345678);
	return check_passed("thread_pointer");
}
