/* Threads: children that run on our own vspace, with stacks of their own.
 *
 * Only the process that owns the vspace makes threads, and joins them.  They end with it.
 */
#ifndef THREAD_H
#define THREAD_H

#include <stdbool.h>

#include "kernel.h"

/* Begin function(argument) in a thread, which ends with its result.  Its pid, or an error. */
int thread_create(int (*function)(void *), void *argument);

/* Wait until a thread has ended; its result goes to *result unless that is NULL.  0, or an error; E_ERR when it
 * did not end by itself but by a fault. */
int thread_join(int pid, int *result);

/* Which thread we are: 0 for the process itself. */
int thread_self(void);

/* A lock.  Taking a free one, and leaving one that nobody waits for, makes no call.  Who has to wait calls
 * the keeper, a thread that exists for that, and is answered when its turn comes. */
struct lock {
	volatile int state; /* 0 free, 1 held, 2 held and waited for */
};
#define LOCK_FREE {0}

void lock_take(struct lock *lock);
bool lock_try(struct lock *lock);
void lock_leave(struct lock *lock);

/* What the lock is made of, as futexes are: wait while *word is value; wake so many that wait for it. */
void thread_wait(volatile int *word, int value);
void thread_wake(volatile int *word, int count);

#endif
