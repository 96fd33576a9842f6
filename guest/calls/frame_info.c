/* frame_info: every frame once, in the order in which they came. */

#include "callcheck.h"

#include <string.h>

static struct frame info(unsigned index)
{
	struct frame frame;

	CHECK_OK(frame_info(index, &frame));
	return frame;
}

static void check_agrees_with_lookup(void)
{
	for (unsigned i = 0; i < (unsigned)frame_count(); i++) {
		struct frame by_index = info(i), by_id = look(by_index.f_id);
		CHECK(memcmp(&by_index, &by_id, sizeof by_id) == 0);
		for (unsigned j = 0; j < i; j++)
			CHECK(info(j).f_id != by_index.f_id);
	}
}

/* New frames come last; the others keep their order when one goes. */
static void check_order(void)
{
	int last = frame_count() - 1;
	int first = take(4);
	int second = CHECK_OK(frame_split(first, PAGE_SIZE));
	int third = CHECK_OK(frame_split(second, PAGE_SIZE));

	CHECK(info((unsigned)last + 1).f_id == first);
	CHECK(info((unsigned)last + 2).f_id == second);
	CHECK(info((unsigned)last + 3).f_id == third);
	CHECK_OK(frame_merge(first, second));
	CHECK(info((unsigned)last + 1).f_id == first);
	CHECK(info((unsigned)last + 2).f_id == third);
}

/* Ten words and not a byte more. */
static void check_extent(void)
{
	struct {
		unsigned before;
		struct frame frame;
		unsigned after;
	} room;

	memset(&room, 0xa5, sizeof room);
	CHECK_OK(frame_info(0, &room.frame));
	CHECK(room.before == 0xa5a5a5a5 && room.after == 0xa5a5a5a5);
	CHECK(room.frame.f_id == info(0).f_id);
}

int main(void)
{
	struct frame frame;

	CHECK_REFUSED(frame_info((unsigned)frame_count(), &frame), E_OUT_OF_RANGE);
	CHECK_REFUSED(frame_info(0x80000000, &frame), E_OUT_OF_RANGE);
	CHECK_REFUSED(frame_info(0xffffffff, &frame), E_OUT_OF_RANGE);
	for (unsigned i = 0; i < BAD_TO_WRITE; i++) {
		struct frame *bad = bad_pointer(i, sizeof *bad);
		CHECK_REFUSED(frame_info(0, bad), E_BAD_POINTER);
		CHECK_REFUSED(frame_info((unsigned)frame_count(), bad), E_OUT_OF_RANGE);
	}
	check_agrees_with_lookup();
	check_order();
	check_extent();
	check_agrees_with_lookup();
	return check_passed("frame_info");
}
