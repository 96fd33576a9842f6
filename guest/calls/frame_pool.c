/* frame_pool: room for kernel objects, a frame's worth, paid with the frame. */

#include "callcheck.h"

#define OBJECTS_A_PAGE 64

static void check_kinds_of_frames(void)
{
	int viewed = take(1), table = take_table(F_TABLE_L2, 1), pool = take(2);

	CHECK_REFUSED(frame_pool(NO_SUCH_ID), E_NO_FRAME);
	CHECK_REFUSED(frame_pool(NO_ID), E_NO_FRAME);
	see(viewed, READ_ONLY);
	CHECK_REFUSED(frame_pool(viewed), E_MAPPED);
	CHECK_REFUSED(frame_pool(table), E_IS_TABLE);
	CHECK_REFUSED(frame_pool(vspace_id()), E_IS_TABLE);
	CHECK_REFUSED(frame_pool(device_frame()), E_WRONG_TYPE);

	CHECK_RESULT(frame_pool(pool), 2 * OBJECTS_A_PAGE);
	CHECK(look(pool).type == FRAME_POOL && look(pool).len == 2 * PAGE_SIZE);
	CHECK_REFUSED(frame_pool(pool), E_WRONG_TYPE);
	CHECK_REFUSED(frame_table(pool, F_TABLE_NO), E_NOT_TABLE);
	CHECK_REFUSED(proc_new(pool), E_WRONG_TYPE);
}

/* What a full pool refuses it grants again after growing: exactly as often as it said. */
static void check_growth(void)
{
	int spare = take(1), cut = take(OBJECTS_A_PAGE + 2);

	pool_fill();
	CHECK_RESULT(frame_split(cut, PAGE_SIZE), E_POOL_FULL);
	CHECK_RESULT(frame_pool(spare), OBJECTS_A_PAGE);
	for (int i = 0; i < OBJECTS_A_PAGE; i++)
		cut = CHECK_OK(frame_split(cut, PAGE_SIZE));
	CHECK_RESULT(frame_split(cut, PAGE_SIZE), E_POOL_FULL);
	CHECK(look(spare).type == FRAME_POOL);
	pool_empty();
	CHECK_OK(frame_split(cut, PAGE_SIZE));
}

int main(void)
{
	check_kinds_of_frames();
	check_growth();
	return check_passed("frame_pool");
}
