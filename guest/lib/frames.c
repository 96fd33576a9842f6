/* Looking through the frames one owns, and taking pieces of free ones. */

#include "frames.h"

#include <stddef.h>

bool frame_is_viewed(const struct frame *frame)
{
	return frame->v_id != NO_ID;
}

bool frame_is_table(const struct frame *frame, int type)
{
	return (frame->t_flags & ~F_TABLE_MAPPED) == (unsigned)type;
}

bool frame_is_hung(const struct frame *frame)
{
	return frame->t_flags & F_TABLE_MAPPED;
}

bool frame_at(unsigned pa, struct frame *frame)
{
	for (unsigned i = 0; frame_info(i, frame) == 0; i++)
		if (pa - frame->pa < frame->len)
			return true;
	return false;
}

const void *frame_view(unsigned pa)
{
	struct frame frame;

	if (!frame_at(pa, &frame) || !frame_is_viewed(&frame))
		return NULL;
	return (const char *)frame.v_va + (pa - frame.pa);
}

static bool is_free(const struct frame *frame)
{
	return frame->type == FRAME_MEM && !frame_is_viewed(frame)
	       && frame_is_table(frame, F_TABLE_NO);
}

bool frame_largest_free(struct frame *largest)
{
	struct frame frame;

	largest->len = 0;
	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (is_free(&frame) && frame.len > largest->len)
			*largest = frame;
	return largest->len > 0;
}

int frame_take(unsigned len, unsigned align)
{
	struct frame free;

	if (!frame_largest_free(&free) || free.len < len)
		return E_OUT_OF_RANGE;
	unsigned pa = (free.pa + free.len - len) & ~(align - 1);
	if (pa < free.pa)
		return E_OUT_OF_RANGE;
	int taken = pa == free.pa ? free.f_id : frame_split(free.f_id, pa - free.pa);
	if (taken >= 0 && pa + len < free.pa + free.len) {
		int rest = frame_split(taken, len);
		if (rest < 0)
			return rest;
	}
	return taken;
}

/* Join each free frame to those behind it.  Whether there were any: as frames go, others move down in
 * our list and may be passed over. */
static bool merge_some(void)
{
	struct frame frame, next;
	bool merged = false;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++) {
		while (is_free(&frame) && frame_at(frame.pa + frame.len, &next) && is_free(&next)
		       && frame_merge(frame.f_id, next.f_id) >= 0) {
			frame.len += next.len;
			merged = true;
		}
	}
	return merged;
}

void frame_merge_free(void)
{
	while (merge_some())
		;
}

/* The first run of count zero words at or above start, as an index, or -1. */
static int find_empty(const unsigned *entries, unsigned start, unsigned total, unsigned count)
{
	unsigned run = 0;

	for (unsigned i = start; i < total; i++) {
		run = entries[i] == 0 ? run + 1 : 0;
		if (run == count)
			return (int)(i + 1 - count);
	}
	return -1;
}

int frame_find_place(unsigned len, unsigned *va)
{
	struct frame table;
	int found = E_ERR;

	*va = 0;
	for (unsigned i = 0; frame_info(i, &table) == 0; i++) {
		if (!frame_is_table(&table, F_TABLE_L2) || table.t_id != vspace_id()
		    || !frame_is_viewed(&table) || table.t_va < *va)
			continue;
		unsigned start = table.t_va == 0; /* page 0 is never mapped */
		int first = find_empty((const unsigned *)table.v_va, start, table.len / 4, len / PAGE_SIZE);
		if (first >= 0) {
			*va = table.t_va + (unsigned)first * PAGE_SIZE;
			found = table.f_id;
		}
	}
	return found;
}
