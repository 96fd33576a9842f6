/* The allocator of frames: best fit among the free ones, which are kept apart from all others.
 *
 * What is taken here is given back here.  Free frames that touch are always joined, so that there is at most
 * one more of them than there are frames in use, and what fits into no free frame fits into nothing that is
 * free.
 */
#ifndef ALLOC_H
#define ALLOC_H

#include "kernel.h"

/* Take a frame of len bytes, rounded up to whole pages, whose physical address is a multiple of align (a
 * page, or a power of two above): the end of the smallest free frame that can hold it.  Its id, or an error:
 * E_OUT_OF_RANGE when no free frame can hold it. */
int frame_take(unsigned len, unsigned align);

/* Give a frame back, or hand over one that came from somewhere else: unmapped memory that is no table.  0, or
 * an error: E_ERR when it is free already. */
int frame_free(int f_id);

/* Take every unmapped MEM frame of ours that is no table for free, and join those that touch.  So a process
 * gets the memory of children that have ended.  Whoever still wants an unmapped frame must not call this. */
void frame_merge_free(void);

/* Keep a page, if none is kept yet, that becomes room for kernel objects when frame_take has to split a frame
 * and the account is full.  frame_merge_free gives it back. */
void frame_keep_room(void);

struct alloc_state {
	unsigned free;    /* bytes */
	unsigned largest; /* bytes of the largest free frame */
	unsigned pieces;  /* free frames */
};
struct alloc_state alloc_state(void);

#endif
