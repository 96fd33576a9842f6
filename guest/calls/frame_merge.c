/* frame_merge: what frame_split parts it joins again, and nothing that is not one run. */

#include "callcheck.h"

/* A frame of so many pages, cut behind the first ones. */
static int take_cut(unsigned pages, unsigned first, int *upper)
{
	int lower = take(pages);

	*upper = CHECK_OK(frame_split(lower, first * PAGE_SIZE));
	return lower;
}

static void check_unmapped(void)
{
	int upper, lower = take_cut(5, 2, &upper);
	unsigned pa = look(lower).pa;

	CHECK_RESULT(frame_merge(lower, upper), lower);
	CHECK(look(lower).pa == pa && look(lower).len == 5 * PAGE_SIZE);
	CHECK_REFUSED(frame_merge(lower, upper), E_NO_FRAME);
	CHECK_REFUSED(frame_split(upper, PAGE_SIZE), E_NO_FRAME);
}

/* Side by side in one table: one view again, and the pages have not moved. */
static void check_viewed(void)
{
	int upper, lower = take_cut(5, 2, &upper);
	unsigned va;
	int table = CHECK_OK(frame_find_place(6 * PAGE_SIZE, &va));
	char *seen = (char *)va;

	CHECK_OK(frame_map(table, lower, seen, READ_WRITE));
	CHECK_REFUSED(frame_merge(lower, upper), E_NOT_ALIKE);
	CHECK_OK(frame_map(table, upper, seen + 3 * PAGE_SIZE, READ_WRITE));
	CHECK_REFUSED(frame_merge(lower, upper), E_NOT_ALIKE);
	CHECK_OK(frame_map(table, upper, seen + 2 * PAGE_SIZE, READ_ONLY));
	CHECK_REFUSED(frame_merge(lower, upper), E_NOT_ALIKE);
	CHECK_OK(frame_map(table, upper, seen + 2 * PAGE_SIZE, READ_WRITE & ~F_MAP_NOEXEC));
	CHECK_REFUSED(frame_merge(lower, upper), E_NOT_ALIKE);
	CHECK_OK(frame_map(table, upper, seen + 2 * PAGE_SIZE, READ_WRITE));
	fill(seen, 5 * PAGE_SIZE, 1);
	CHECK_RESULT(frame_merge(lower, upper), lower);
	CHECK(look(lower).v_va == va && look(lower).len == 5 * PAGE_SIZE);
	check_view(lower);
	check_filled(seen, 5 * PAGE_SIZE, 1);
	CHECK_OK(frame_unmap(lower, F_MAP_PAGE));
	check_hole(seen);
	check_hole(seen + 4 * PAGE_SIZE);
}

/* Neighbours in addresses that two tables translate are two views. */
static void check_two_tables(void)
{
	int upper, lower = take_cut(2, 1, &upper);
	int low_table = take_table(F_TABLE_L2, 1), high_table = take_table(F_TABLE_L2, 1);
	unsigned span = space_find_span((const unsigned *)look(vspace_id()).v_va, 2 * L2_SPAN);
	char *border = (char *)span + L2_SPAN;

	CHECK_OK(frame_map(vspace_id(), low_table, (void *)span, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(vspace_id(), high_table, border, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(low_table, lower, border - PAGE_SIZE, READ_WRITE));
	CHECK_OK(frame_map(high_table, upper, border, READ_WRITE));
	CHECK_REFUSED(frame_merge(lower, upper), E_NOT_ALIKE);

	/* Across a border of 1 MiB inside one table there is nothing to it. */
	CHECK_OK(frame_map(low_table, lower, (char *)span + MIB - PAGE_SIZE, READ_WRITE));
	CHECK_OK(frame_map(low_table, upper, (char *)span + MIB, READ_WRITE));
	CHECK_OK(frame_merge(lower, upper));
	check_view(lower);
}

static void check_sections(void)
{
	int lower = CHECK_OK(frame_take(2 * MIB, MIB));
	int upper = CHECK_OK(frame_split(lower, MIB));
	unsigned span = space_find_span((const unsigned *)look(vspace_id()).v_va, 2 * MIB);

	CHECK_OK(frame_map(vspace_id(), lower, (void *)span, F_MAP_SECTION | READ_WRITE));
	CHECK_OK(frame_map(vspace_id(), upper, (void *)(span + MIB), F_MAP_SECTION | READ_WRITE));
	fill((void *)span, 2 * MIB, 2);
	CHECK_OK(frame_merge(lower, upper));
	CHECK(look(lower).v_flags == (F_MAP_SECTION | READ_WRITE));
	check_view(lower);
	check_filled((void *)span, 2 * MIB, 2);
}

static void check_not_adjacent(void)
{
	int middle, first = take_cut(3, 1, &middle);
	int last = CHECK_OK(frame_split(middle, PAGE_SIZE));

	CHECK_REFUSED(frame_merge(middle, first), E_NOT_ADJACENT);
	CHECK_REFUSED(frame_merge(first, last), E_NOT_ADJACENT);
	CHECK_REFUSED(frame_merge(first, first), E_NOT_ADJACENT);
	CHECK_REFUSED(frame_merge(first, device_frame()), E_NOT_ADJACENT);
	CHECK_OK(frame_merge(middle, last));
	CHECK_OK(frame_merge(first, middle));
}

static void check_kinds_of_frames(void)
{
	int upper, lower = take_cut(2, 1, &upper);
	int table = take_table(F_TABLE_L2, 1);

	CHECK_REFUSED(frame_merge(NO_SUCH_ID, upper), E_NO_FRAME);
	CHECK_REFUSED(frame_merge(lower, NO_SUCH_ID), E_NO_FRAME);
	CHECK_REFUSED(frame_merge(NO_ID, NO_ID), E_NO_FRAME);
	CHECK_REFUSED(frame_merge(table, upper), E_IS_TABLE);
	CHECK_REFUSED(frame_merge(lower, table), E_IS_TABLE);
	CHECK_REFUSED(frame_merge(lower, vspace_id()), E_IS_TABLE);
	CHECK_OK(frame_pool(upper));
	CHECK_REFUSED(frame_merge(lower, upper), E_WRONG_TYPE);
	CHECK_OK(frame_pool(lower));
	CHECK_REFUSED(frame_merge(lower, upper), E_WRONG_TYPE);
}

int main(void)
{
	check_unmapped();
	check_viewed();
	check_two_tables();
	check_sections();
	check_not_adjacent();
	check_kinds_of_frames();
	return check_passed("frame_merge");
}
