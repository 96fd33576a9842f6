/* Looking through the frames that the process owns; with alloc.h, taking some and giving them back. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>

#include "alloc.h"
#include "kernel.h"

#define PAGE_SIZE 0x1000u
#define MIB 0x100000u

/* Whether there is a page view; whether it is a table; whether that is installed somewhere; whether it is
 * memory with neither role. */
bool frame_is_viewed(const struct frame *frame);
bool frame_is_table(const struct frame *frame, int type);
bool frame_is_hung(const struct frame *frame);
bool frame_is_free(const struct frame *frame);

/* The frame that holds this physical address.  False if it is not ours. */
bool frame_at(unsigned pa, struct frame *frame);

/* Where we can read physical address pa, or NULL. */
const void *frame_view(unsigned pa);

/* The largest unmapped MEM frame.  False if there is none. */
bool frame_largest_free(struct frame *frame);

#endif
