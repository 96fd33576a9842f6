/* Looking through the frames that the process owns. */

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

bool frame_is_free(const struct frame *frame)
{
	return frame->type == FRAME_MEM && !frame_is_viewed(frame)
	       && frame_is_table(frame, F_TABLE_NO);
}

bool frame_largest_free(struct frame *largest)
{
	struct frame frame;

	largest->len = 0;
	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame_is_free(&frame) && frame.len > largest->len)
			*largest = frame;
	return largest->len > 0;
}
