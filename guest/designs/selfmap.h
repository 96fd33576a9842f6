/* For the designs in which only a process itself maps into its address space: its parent gives it frames, and
 * says what to do with them in EXTRA orders. */
#ifndef SELFMAP_H
#define SELFMAP_H

#include "workload.h"

enum { SELF_TABLE, SELF_MAP, SELF_GIVE_BACK }; /* an order's count; first is a page, argument a frame */

static int pages[8], selfmap_child;

/* The child's memory for a table, and what it gives back, need leave. */
static int selfmap_start(int pid)
{
	int table = take(1);

	selfmap_child = workload_pid = pid;
	CHECK_OK(frame_allow(pid));
	CHECK_OK(frame_give(table, pid));
	workload_order(EXTRA, 0, SELF_TABLE, (unsigned)table);
	return pid;
}

static void selfmap_lend(unsigned first, unsigned count)
{
	for (unsigned page = first; page < first + count; page++) {
		number_pages((unsigned *)pager_page(&pages[page]), page, 1);
		CHECK_OK(frame_give(pages[page], selfmap_child));
		workload_order(EXTRA, page, SELF_MAP, (unsigned)pages[page]);
	}
}

/* Frames that come back are seen side by side. */
static unsigned *selfmap_take_back(unsigned first, unsigned count)
{
	unsigned va;
	int home;

	for (unsigned i = 0; i < count; i++)
		workload_order(EXTRA, first + i, SELF_GIVE_BACK, (unsigned)pages[first + i]);
	home = CHECK_OK(frame_find_place(count * PAGE_SIZE, &va));
	for (unsigned i = 0; i < count; i++)
		CHECK_OK(frame_map(home, pages[first + i], (void *)(va + i * PAGE_SIZE), F_MAP_PAGE | RO));
	return (unsigned *)va;
}

#endif
