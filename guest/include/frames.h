/* Looking through the frames one owns, and taking pieces of free ones. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>

#include "kernel.h"

#define PAGE_SIZE 0x1000u
#define MIB 0x100000u

/* Whether there is a page view; whether it is a table; whether that hangs somewhere. */
bool frame_is_viewed(const struct frame *frame);
bool frame_is_table(const struct frame *frame, int type);
bool frame_is_hung(const struct frame *frame);

/* The frame that holds this physical address.  False if it is not ours. */
bool frame_at(unsigned pa, struct frame *frame);

/* Where we can read physical address pa, or NULL. */
const void *frame_view(unsigned pa);

/* The largest unmapped MEM frame.  False if there is none. */
bool frame_largest_free(struct frame *frame);

/* Split a frame of len bytes, aligned to align, from the largest free one.
 * Both are multiples of a page.  Returns its id, or an error. */
int frame_take(unsigned len, unsigned align);

/* Join free frames to the free frames behind them, until none are left that could be joined. */
void frame_merge_free(void);

/* A free place for pages of len bytes: the lowest in the highest L2 that hangs in our vspace and that
 * we see.  Returns the L2's id and sets va, or E_ERR if there is none. */
int frame_find_place(unsigned len, unsigned *va);

#endif
