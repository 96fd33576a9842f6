/* Threads: many at once on one counter, with a lock and without; what they leave; how they end. */

#include "callcheck.h"

#include <stdbool.h>

#include "console.h"
#include "thread.h"

enum { THREADS = 8, ROUNDS = 500 };

static struct lock lock = LOCK_FREE;
static volatile unsigned counter;

/* Two steps that nobody may come between; some yield there. */
static int count_up(void *number)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		lock_take(&lock);
		unsigned seen = counter;
		if (i % 64 == (unsigned)number)
			proc_yield();
		counter = seen + 1;
		lock_leave(&lock);
	}
	return (int)number * 10;
}

static void check_lock(void)
{
	int pids[THREADS], result;

	for (unsigned i = 0; i < THREADS; i++)
		pids[i] = CHECK_OK(thread_create(count_up, (void *)i));
	for (unsigned i = 0; i < THREADS; i++) {
		CHECK_RESULT(thread_join(pids[i], &result), 0);
		CHECK(result == (int)i * 10);
	}
	CHECK(counter == THREADS * ROUNDS && lock.state == 0);
}

static int leave_at_once(void *value)
{
	return *(int *)value;
}

/* Stacks and records come back: memory is as it was after many. */
static void check_many(void)
{
	static int value = 77;
	unsigned before = 0;

	for (int i = 0; i < 200; i++) {
		int result, pid = CHECK_OK(thread_create(leave_at_once, &value));
		CHECK_RESULT(thread_join(pid, &result), 0);
		CHECK(result == 77);
		if (i == 0)
			before = alloc_state().free;
	}
	CHECK(alloc_state().free == before);
}

static volatile int flag;

static int wait_for_flag(void *unused)
{
	(void)unused;
	while (flag == 0)
		thread_wait(&flag, 0);
	return flag;
}

static void check_waking(void)
{
	int pids[3], result;

	for (int i = 0; i < 3; i++)
		pids[i] = CHECK_OK(thread_create(wait_for_flag, NULL));
	for (int i = 0; i < 20; i++)
		proc_yield();
	thread_wake(&flag, 100); /* for nothing: they look, and wait again */
	flag = 5;
	thread_wake(&flag, 1);
	thread_wake(&flag, 100);
	for (int i = 0; i < 3; i++) {
		CHECK_RESULT(thread_join(pids[i], &result), 0);
		CHECK(result == 5);
	}
}

static int overflow(void *unused)
{
	static volatile bool deeper = true;
	volatile char room[512];

	room[0] = deeper;
	return deeper ? overflow(unused) + room[0] : 0;
}

/* Fills its stack, waits, and looks whether it is still so. */
static int keep_stack(void *unused)
{
	unsigned words[5000];

	(void)unused;
	fill(words, sizeof words, 11);
	while (flag == 0)
		thread_wait(&flag, 0);
	check_filled(words, sizeof words, 11);
	return 1;
}

/* One that faults takes nobody along, and runs into nobody's stack before that. */
static void check_fault(void)
{
	int neighbours[3], result;

	flag = 0;
	neighbours[0] = CHECK_OK(thread_create(keep_stack, NULL));
	int pid = CHECK_OK(thread_create(overflow, NULL));
	neighbours[1] = CHECK_OK(thread_create(keep_stack, NULL));
	neighbours[2] = CHECK_OK(thread_create(keep_stack, NULL));
	CHECK(thread_join(pid, &result) == E_ERR && result == FAULT_MEMORY_ACCESS);
	flag = 1;
	thread_wake(&flag, 100);
	for (int i = 0; i < 3; i++) {
		CHECK_RESULT(thread_join(neighbours[i], &result), 0);
		CHECK(result == 1);
	}
	lock_take(&lock);
	CHECK(!lock_try(&lock));
	lock_leave(&lock);
}

int main(void)
{
	check_lock();
	check_many();
	check_waking();
	check_fault();
	return check_passed("threads");
}
