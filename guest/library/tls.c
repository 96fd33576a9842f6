/* Thread-local variables in the process, in threads, in children, and the second time in each. */

#include "check.h"
#include "process.h"
#include "thread.h"
#include "tls.h"

#define ROUNDS 3

static _Thread_local int counted = 41;
static _Thread_local char zeros[300];
static _Thread_local struct {
	int number;
} aligned __attribute__((aligned(64))) = {7};

static bool is_fresh(void)
{
	for (unsigned i = 0; i < sizeof zeros; i++)
		if (zeros[i] != 0)
			return false;
	return counted == 41 && aligned.number == 7 && (unsigned)&aligned % 64 == 0;
}

/* Counts in variables of its own while others do the same. */
static int count(int by)
{
	CHECK(is_fresh());
	for (int i = 0; i < 10; i++) {
		int before = counted;
		counted += by;
		zeros[i] = (char)by;
		aligned.number++;
		proc_yield();
		CHECK(counted == before + by && zeros[i] == (char)by && aligned.number == 8 + i);
	}
	return counted - 41;
}

static int count_in_thread(void *by)
{
	return count((int)(unsigned)by);
}

static void in_threads(void)
{
	int threads[ROUNDS], result;

	for (int i = 0; i < ROUNDS; i++)
		threads[i] = CHECK_OK(thread_create(count_in_thread, (void *)(i + 1)));
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_OK(thread_join(threads[i], &result));
		CHECK(result == 10 * (i + 1));
	}
}

static void in_children(void)
{
	int children[ROUNDS];
	struct death death;

	for (int i = 0; i < ROUNDS; i++)
		children[i] = CHECK_OK(process_run(count, i + 1));
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_OK(process_wait_for(children[i], &death));
		CHECK(death.how == DEATH_EXITED && death.status == 10 * (i + 1));
	}
}

int main(void)
{
	CHECK(tls_has_begun());
	CHECK(is_fresh());
	counted = 1;
	zeros[0] = 1;
	aligned.number = 2;
	for (int i = 0; i < 2; i++) {
		in_threads();
		in_children();
		CHECK(counted == 1 && zeros[0] == 1 && aligned.number == 2);
	}
	return check_passed("tls");
}
