/* Threads that allocate and free at once from one heap. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "thread.h"

enum { THREADS = 4, ROUNDS = 3000, KEPT = 32 };

static int churn(void *seed)
{
	unsigned char *kept[KEPT] = {NULL};
	unsigned len[KEPT] = {0}, random = (unsigned)seed * 7919 + 1;

	for (unsigned i = 0; i < ROUNDS; i++) {
		random = random * 1664525 + 1013904223;
		unsigned at = random >> 27;
		for (unsigned j = 0; j < len[at]; j++)
			if (kept[at][j] != (unsigned char)(at + (unsigned)seed))
				return 1;
		free(kept[at]);
		len[at] = 1 + (random >> 12) % 300;
		kept[at] = malloc(len[at]);
		if (kept[at] == NULL)
			return 2;
		memset(kept[at], (int)(at + (unsigned)seed), len[at]);
		if (i % 16 == 0)
			proc_yield();
	}
	for (unsigned at = 0; at < KEPT; at++)
		free(kept[at]);
	return 0;
}

int main(void)
{
	int pids[THREADS], result = 0;

	for (unsigned i = 0; i < THREADS; i++)
		if ((pids[i] = thread_create(churn, (void *)i)) < 0)
			return printf("no thread: %s\n", error_name(pids[i])), 1;
	if (churn((void *)THREADS) != 0)
		return puts("the main thread's memory is damaged"), 1;
	for (unsigned i = 0; i < THREADS; i++)
		if (thread_join(pids[i], &result) != 0 || result != 0)
			return printf("thread %u: %d\n", i, result), 1;
	puts("PASS malloc");
	return 0;
}
