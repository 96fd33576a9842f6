/* frame_count: as many as frame_info can tell of, one more for a split and one less for a merge. */

#include "callcheck.h"

static int count_by_info(void)
{
	struct frame frame;
	int count = 0;

	while (frame_info((unsigned)count, &frame) == 0)
		count++;
	return count;
}

int main(void)
{
	int count = frame_count();
	int lower = take(3);

	CHECK(count > 0);
	CHECK_RESULT(frame_count(), count + 1);
	CHECK_RESULT(frame_count(), count_by_info());

	int upper = CHECK_OK(frame_split(lower, PAGE_SIZE));
	CHECK_RESULT(frame_count(), count + 2);
	CHECK_REFUSED(frame_split(lower, PAGE_SIZE), E_OUT_OF_RANGE);
	CHECK_OK(frame_merge(lower, upper));
	CHECK_RESULT(frame_count(), count + 1);

	/* Mapping, tables and pool memory are frames all the same. */
	see(lower, READ_ONLY);
	int table = take_table(F_TABLE_L2, 1);
	CHECK_RESULT(frame_count(), count + 2);
	CHECK_OK(space_free_table(table)); /* joins it to the free memory that it was cut from */
	CHECK_RESULT(frame_count(), count + 1);
	CHECK_OK(frame_unmap(lower, F_MAP_PAGE));
	CHECK_OK(frame_pool(lower));
	CHECK_RESULT(frame_count(), count + 1);

	/* A frame that has become a process is the process's. */
	CHECK_OK(proc_new(take(2)));
	CHECK_RESULT(frame_count(), count + 1);
	CHECK_RESULT(frame_count(), count_by_info());
	return check_passed("frame_count");
}
