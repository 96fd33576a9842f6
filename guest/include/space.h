/* Building address spaces: more of one's own, and those of children that do not run yet. */
#ifndef SPACE_H
#define SPACE_H

#include <stdbool.h>

#include "kernel.h"

#define L1_SIZE 0x4000u
#define L2_SPAN 0x400000u /* what an L2 of one page, four coarse tables, spans */

/* See a frame at some free place of our own vspace, with these rights.  NULL if there is none. */
void *space_see(int f_id, unsigned rights);

/* Whether we see a frame: its page view lies in the vspace we run in. */
bool space_sees(const struct frame *frame);

/* Take len bytes and make them a table of this type that we see.  Its id, or an error. */
int space_take_table(unsigned type, unsigned len);

/* Turn an empty table that hangs nowhere into free memory. */
int space_free_table(int table);

/* The lowest len bytes of addresses, whole MiBs, for which an L1 has no entry; 0 if none. */
unsigned space_find_span(const unsigned *l1, unsigned len);

/* An address space that nobody runs on yet.  We own and see its tables. */
struct space {
	int l1;
	int tables[64]; /* L2s of one page */
	unsigned count;
};

/* The last 4 MiB below the kernel: the space's tables from the start on, a stack at the end. */
#define SPACE_AREA (KERNEL_VA - L2_SPAN)

/* Begin an address space with nothing in it. */
int space_begin(struct space *space);

/* Map a frame at va, a page's start, making the tables it needs; what of it reaches into another
 * L2's addresses is split off.  rights: F_MAP_READ and so on. */
int space_map(struct space *space, int f_id, unsigned va, unsigned rights);

/* Let the space see its own tables, at SPACE_AREA, so that who runs there can go on building.
 * The last thing to do: we see them no more. */
int space_finish(struct space *space);

/* Give up a space: what was mapped there is free memory again. */
void space_drop(struct space *space);

#endif
