/* Threads, and the keeper who lets them wait. */

#include "thread.h"

#include "frames.h"
#include "process.h"
#include "tls.h"

#define STACK 0x8000u
#define SLOT (STACK + PAGE_SIZE) /* the page below a stack belongs to nobody: an overflow is a fault */
#define READ_WRITE (F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC)
#define MOST 64
#define NOBODY (-1)

/* What each thread needs that is to be given back. */
static struct thread {
	int pid;
	int record, stack; /* frames */
	unsigned slot;
} threads[MOST];
static unsigned count;

/* Stacks lie in addresses that nothing else gets. */
static char *stacks;
static bool slot_used[MOST];

/* A stack in a free slot. */
static int new_stack(struct thread *thread)
{
	if (stacks == NULL)
		stacks = (char *)space_reserve(MOST * SLOT);
	for (thread->slot = 0; slot_used[thread->slot]; thread->slot++)
		;
	if (stacks == NULL)
		return E_OUT_OF_RANGE;
	thread->stack = frame_take(STACK, PAGE_SIZE);
	if (thread->stack < 0)
		return thread->stack;
	struct space own = space_own();
	unsigned bottom = (unsigned)stacks + thread->slot * SLOT + PAGE_SIZE;
	int result = space_map(&own, thread->stack, bottom, READ_WRITE);
	if (result < 0)
		frame_free(thread->stack);
	else
		slot_used[thread->slot] = true;
	return result;
}

/* What a thread was made of is free memory again. */
static void give_back(const struct thread *thread)
{
	frame_unmap(thread->stack, F_MAP_PAGE);
	frame_free(thread->stack);
	frame_free(thread->record);
	slot_used[thread->slot] = false;
}

/* The software thread register is each one's own. */
int thread_self(void)
{
	int number;

	__asm__ volatile("mrc p15, 0, %0, c13, c0, 2" : "=r"(number));
	return number;
}

/* Threads begin here; the stack is that of nobody else. */
static _Noreturn void begin(int (*function)(void *), void *argument, int number)
{
	char room[tls_room()];

	__asm__ volatile("mcr p15, 0, %0, c13, c0, 2" : : "r"(number));
	tls_begin(room);
	proc_exit(function(argument));
}

static int start(struct thread *thread, int (*function)(void *), void *argument)
{
	struct start start = {
		.pc = (unsigned)begin,
		.sp = (unsigned)stacks + (thread->slot + 1) * SLOT,
		.r = {(unsigned)function, (unsigned)argument, (unsigned)thread->pid},
	};
	int result = vspace_lend(thread->pid, vspace_id());

	return result < 0 ? result : send(thread->pid, &start);
}

static int create(int (*function)(void *), void *argument)
{
	struct thread *thread = &threads[count];

	if (count == MOST)
		return E_OUT_OF_RANGE;
	frame_keep_room();
	thread->record = frame_take(2 * PAGE_SIZE, PAGE_SIZE);
	if (thread->record < 0)
		return thread->record;
	int result = new_stack(thread);
	if (result < 0) {
		frame_free(thread->record);
		return result;
	}
	thread->pid = proc_new(thread->record);
	result = thread->pid < 0 ? thread->pid : start(thread, function, argument);
	if (result < 0) {
		if (thread->pid >= 0)
			proc_end(thread->pid, 0);
		give_back(thread);
		return result;
	}
	count++;
	return thread->pid;
}

static int keeper = NOBODY;
static int keep(void *unused);

int thread_create(int (*function)(void *), void *argument)
{
	if (keeper == NOBODY) {
		keeper = create(keep, NULL);
		if (keeper < 0)
			return keeper;
	}
	return create(function, argument);
}

int thread_join(int pid, int *result)
{
	struct death death;
	int waited = process_wait_for(pid, &death);

	if (waited < 0)
		return waited;
	for (unsigned i = 0; i < count; i++)
		if (threads[i].pid == pid) {
			give_back(&threads[i]);
			threads[i] = threads[--count];
			break;
		}
	if (result != NULL)
		*result = death.status;
	return death.how == DEATH_EXITED ? 0 : E_ERR;
}

/* Waiting: a call to the keeper, which replies when somebody wakes us. */

enum { WAIT, WAKE };

struct request {
	int kind;
	volatile int *word;
	int value;
	int unused[13];
};
_Static_assert(sizeof(struct request) == MESSAGE_SIZE, "a message");

static struct waiter {
	int pid;
	volatile int *word;
} waiters[MOST];
static unsigned waiting;

static void answer(int pid)
{
	static const struct request done;

	reply(pid, &done);
}

static void wake(volatile int *word, int most)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < waiting; i++) {
		if (waiters[i].word == word && most > 0) {
			answer(waiters[i].pid);
			most--;
		} else {
			waiters[kept++] = waiters[i];
		}
	}
	waiting = kept;
}

/* Nobody changes *word between the look at it and the entry in the list but a thread that will ask us. */
static int keep(void *unused)
{
	struct request request;

	(void)unused;
	for (;;) {
		int pid = recv(&request);
		if (pid < 0)
			continue;
		if (request.kind == WAKE) {
			wake(request.word, request.value);
			answer(pid);
		} else if (*request.word != request.value || waiting == MOST) {
			answer(pid);
		} else {
			waiters[waiting++] = (struct waiter){pid, request.word};
		}
	}
	return 0;
}

void thread_wait(volatile int *word, int value)
{
	struct request request = {.kind = WAIT, .word = word, .value = value};

	if (keeper == NOBODY || call(keeper, &request) < 0)
		proc_yield();
}

void thread_wake(volatile int *word, int most)
{
	struct request request = {.kind = WAKE, .word = word, .value = most};

	if (keeper != NOBODY)
		call(keeper, &request);
}

bool lock_try(struct lock *lock)
{
	int expected = 0;

	return __atomic_compare_exchange_n(&lock->state, &expected, 1, false, __ATOMIC_ACQUIRE,
	                                   __ATOMIC_RELAXED);
}

void lock_take(struct lock *lock)
{
	if (lock_try(lock))
		return;
	while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE) != 0)
		thread_wait(&lock->state, 2);
}

void lock_leave(struct lock *lock)
{
	if (__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) == 2)
		thread_wake(&lock->state, 1);
}
