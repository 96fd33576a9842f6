/* Pagers: processes that others name as their fault handler, and that map what is missing.
 *
 * A pager owns the tables of its clients and lends them.  It hears of each fault, does something about it,
 * and answers.
 */
#ifndef PAGING_H
#define PAGING_H

#include "frames.h"
#include "kernel.h"
#include "process.h"

/* What a pager hears: a fault (then pid says whose), a child's end, or a message. */
struct event {
	enum { EVENT_FAULT, EVENT_DEATH, EVENT_MESSAGE } kind;
	int pid;
	union {
		struct fault fault;
		struct death death;
		struct message message;
	};
};

/* Wait for the next one.  0, or an error. */
int pager_next(struct event *event);

/* Answer a fault: let the access be tried again, or end who made it. */
int pager_retry(int pid);
int pager_end(int pid);

/* A page of new memory, zeroed, that we see; its id goes to *f_id.  NULL when there is none. */
char *pager_page(int *f_id);

/* Move a page from our sight to a client's, where its space says, and back into our sight. */
int pager_show(struct space *space, int f_id, unsigned va, unsigned rights);
char *pager_take_back(int f_id);

#endif
