/* Memory by frames: best fit among the free ones, which are kept apart from all others.
 *
 * What is taken here is given back here.  Free frames that touch are always joined, so that there are never
 * more of them than frames in use between them and one more, and what fits into no free frame fits
 * into nothing that is free.
 */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>

#include "kernel.h"

/* Take a frame of len bytes, rounded up to whole pages, whose physical address is a multiple of align (a
 * page, or a power of two above).  Its id, or an error: E_OUT_OF_RANGE when no free frame can hold it.  When
 * the account is full a page that is kept for that becomes room. */
int alloc_frame(unsigned len, unsigned align);

/* Give one back: an unmapped frame that is no table.  0, or an error. */
int alloc_free(int f_id);

/* Hand the allocator frames that came from somewhere else: one; or all that we own and that are free. */
int alloc_adopt(int f_id);
int alloc_adopt_all(void);

struct alloc_state {
	unsigned free;    /* bytes */
	unsigned largest; /* bytes of the largest free frame */
	unsigned pieces;  /* free frames */
};
struct alloc_state alloc_state(void);

#endif
