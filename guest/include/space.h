/* Address spaces: our own, those of children, and others that nothing runs on yet.
 *
 * An address space is its L1.  Nothing else is recorded here: the kernel's list of our frames says which L2s are
 * installed in it and what is mapped where, and the tables that we see say which entries are empty.
 */
#ifndef SPACE_H
#define SPACE_H

#include <stdbool.h>

#include "frames.h"
#include "kernel.h"

#define L1_SIZE 0x4000u
#define L2_SPAN 0x400000u /* what an L2 of one page, four coarse tables, spans */

/* Where our own address space gets more L2s as they are needed, and where space_reserve finds addresses:
 * [SPACE_START, SPACE_END). */
#define SPACE_START 0x40000000u
#define SPACE_END 0xe0000000u

/* A free place for pages of len bytes in our own address space: the lowest in the highest L2 that we see and
 * that has one, reserved addresses left out.  Returns the L2's id and sets va, or E_ERR if there is none. */
int frame_find_place(unsigned len, unsigned *va);

/* See a frame at some free place of our own, with these rights (F_MAP_READ and so on), in a new L2 if there is
 * no room in those that we see.  NULL if there is none. */
void *space_see(int f_id, unsigned rights);

/* New memory, zeroed, seen for reading and writing; its id goes to *f_id unless that is NULL.  Also keeps room
 * for kernel objects, see frame_keep_room.  NULL if there is none. */
void *space_new(unsigned len, int *f_id);

/* Unmap the whole frame that begins at va in our own address space, and return its id; with space_free it is
 * free memory again.  An address inside a frame is refused: E_NOT_MAPPED. */
int space_unmap(void *va);
int space_free(void *va);

/* Whether we see a frame: its page view lies in the vspace we run in. */
bool space_sees(const struct frame *frame);

/* Reserve addresses of our own: len bytes, whole L2s, where nothing is mapped but by space_map.  Their start,
 * or 0 if there are none. */
unsigned space_reserve(unsigned len);

/* Take len bytes and make them a table of this type that we see.  Its id, or an error. */
int space_take_table(unsigned type, unsigned len);

/* Turn an empty table that is installed nowhere into free memory. */
int space_free_table(int table);

/* The lowest len bytes of addresses, whole MiBs, for which an L1 has no entry; 0 if none. */
unsigned space_find_span(const unsigned *l1, unsigned len);

/* An address space.  Unless it is our own, nothing runs on it yet or it is only lent; we own and see its
 * tables. */
struct space {
	int l1;
};

/* The address space that we run on. */
struct space space_own(void);

/* The last 4 MiB below the kernel: of a space that is built here its tables from the start on, a stack at the
 * end. */
#define SPACE_AREA (KERNEL_VA - L2_SPAN)

/* Begin an address space with nothing in it. */
int space_begin(struct space *space);

/* The L2 of a space that spans an address.  False if there is none, or it is not ours. */
bool space_table(const struct space *space, unsigned va, struct frame *table);

/* Map a frame at va, a page's start, making the tables it needs; what of it reaches into another
 * L2's addresses is split off. */
int space_map(const struct space *space, int f_id, unsigned va, unsigned rights);

/* Let the space see its own tables, at SPACE_AREA, so that the process that runs there can go on building.
 * The last thing to do: we see them no more. */
int space_finish(const struct space *space);

/* Give up a space: its tables and what was mapped there are free memory again. */
void space_drop(const struct space *space);

#endif
