/* One workload for the six designs: start a child, share a buffer with it, grow that, shrink it, hand it back.
 *
 * The child finds in each page of the buffer what its parent has put there, and changes it; the parent sees
 * that.  A design says how pages come to the child and back: struct design.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include "callcheck.h"
#include "console.h"
#include "paging.h"

#define BUFFER 0x60000000u
#define RO (F_MAP_READ | F_MAP_NOEXEC)
#define RW (RO | F_MAP_WRITE)

/* What a child is told: to use count pages from its page first on; to do something of the design's own
 * (kind EXTRA); or to end. */
struct order {
	enum { USE, EXTRA, END } kind;
	unsigned first, count, argument;
	unsigned unused[12];
};
_Static_assert(sizeof(struct order) == MESSAGE_SIZE, "a message");

struct design {
	/* Start child(0).  Its pid. */
	int (*start)(int (*child)(int));
	/* Let the child have new pages first to first + count of the buffer, each of whose words is its page's
	 * number. */
	void (*lend)(unsigned first, unsigned count);
	/* Have those pages back, in our sight, the first at the result. */
	unsigned *(*take_back)(unsigned first, unsigned count);
	/* In the child: an EXTRA order. */
	void (*extra)(const struct order *order);
};

static const struct design *the_design; /* static, so that a copy of the program has it, too */

static int workload_child(int unused)
{
	struct order order;

	(void)unused;
	for (;;) {
		int parent = CHECK_OK(recv(&order));
		if (order.kind == END)
			return 0;
		if (order.kind == EXTRA)
			the_design->extra(&order);
		for (unsigned page = order.first; order.kind == USE && page < order.first + order.count; page++) {
			volatile unsigned *words = (unsigned *)(BUFFER + page * PAGE_SIZE);
			CHECK(words[0] == page && words[1023] == page);
			words[0] = words[1023] = 1000 + page;
		}
		CHECK_OK(reply(parent, &order));
	}
}

static int workload_pid;

static void workload_order(int kind, unsigned first, unsigned count, unsigned argument)
{
	struct order order = {kind, first, count, argument, {0}};

	CHECK_OK(call(workload_pid, &order));
}

static inline void number_pages(unsigned *seen, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		seen[i * 1024] = seen[i * 1024 + 1023] = first + i;
}

static void check_back(const unsigned *seen, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		CHECK(seen[i * 1024] == 1000 + first + i && seen[i * 1024 + 1023] == 1000 + first + i);
}

/* Shared: 4 pages; grown to 8; shrunk to 6; handed back. */
static int workload(const struct design *design, const char *name)
{
	the_design = design;
	workload_pid = CHECK_OK(design->start(workload_child));
	design->lend(0, 4);
	workload_order(USE, 0, 4, 0);
	design->lend(4, 4);
	workload_order(USE, 4, 4, 0);
	check_back(design->take_back(6, 2), 6, 2);
	check_back(design->take_back(0, 6), 0, 6);
	CHECK_OK(send(workload_pid, &(struct order){.kind = END}));
	CHECK_OK(process_wait(workload_pid));
	return check_passed(name);
}

#endif
