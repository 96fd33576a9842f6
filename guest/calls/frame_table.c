/* frame_table: memory becomes a table, clean, and a table memory, clean. */

#include "callcheck.h"

#include "tables.h"

#define KERNEL_ENTRY (KERNEL_VA / MIB)

/* Whatever was in the memory, the new table is empty. */
static void check_l2(unsigned pages)
{
	int f_id = take(pages);
	char *seen = see(f_id, READ_WRITE);

	fill(seen, pages * PAGE_SIZE, 1);
	CHECK_REFUSED(frame_table(f_id, F_TABLE_L2), E_NOT_VIEWED_READ_ONLY);
	seen = see(f_id, READ_ONLY);
	CHECK_OK(frame_table(f_id, F_TABLE_L2));
	check_zero(seen, pages * PAGE_SIZE);
	CHECK(look(f_id).t_flags == F_TABLE_L2);
	check_view(f_id);
	CHECK_REFUSED(frame_table(f_id, F_TABLE_L2), E_IS_TABLE);
	CHECK_REFUSED(frame_table(f_id, F_TABLE_L1), E_IS_TABLE);
	CHECK_OK(space_free_table(f_id));
}

/* An L1 starts with the kernel's entries, which are those of every L1. */
static void check_l1(void)
{
	const unsigned *own = (const unsigned *)look(vspace_id()).v_va, *words;
	int f_id = CHECK_OK(frame_take(L1_SIZE, L1_SIZE));

	fill(see(f_id, READ_WRITE), L1_SIZE, 2);
	words = see(f_id, READ_ONLY);
	CHECK_OK(frame_table(f_id, F_TABLE_L1));
	check_zero(words, KERNEL_ENTRY * 4);
	for (unsigned i = KERNEL_ENTRY; i < L1_SIZE / 4; i++) {
		CHECK(words[i] == own[i]);
		CHECK(l1_entry(words[i]).flags == 0); /* nothing there for us */
	}
	CHECK(words[KERNEL_ENTRY] != 0);
	CHECK(look(f_id).t_flags == F_TABLE_L1);
	CHECK_REFUSED(frame_table(f_id, F_TABLE_L2), E_IS_TABLE);
	CHECK_OK(frame_table(f_id, F_TABLE_NO));
	check_zero(words, L1_SIZE);
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
}

static void check_l1_shape(void)
{
	int f_id = CHECK_OK(frame_take(2 * L1_SIZE, L1_SIZE)), upper;

	see(f_id, READ_ONLY);
	CHECK_REFUSED(frame_table(f_id, F_TABLE_L1), E_BAD_SIZE);
	upper = CHECK_OK(frame_split(f_id, PAGE_SIZE));
	CHECK_REFUSED(frame_table(f_id, F_TABLE_L1), E_BAD_SIZE);
	CHECK_REFUSED(frame_table(upper, F_TABLE_L1), E_BAD_SIZE);
	CHECK_OK(frame_split(upper, L1_SIZE));
	CHECK_REFUSED(frame_table(upper, F_TABLE_L1), E_UNALIGNED);
}

static void check_kinds_of_frames(void)
{
	int device = device_frame(), pool = take(1), page = take(1);

	CHECK_REFUSED(frame_table(NO_SUCH_ID, F_TABLE_L2), E_NO_FRAME);
	CHECK_REFUSED(frame_table(NO_ID, F_TABLE_NO), E_NO_FRAME);
	CHECK_REFUSED(frame_table(page, 1), E_BAD_KIND);
	CHECK_REFUSED(frame_table(page, F_TABLE_L1 | F_TABLE_L2), E_BAD_KIND);
	CHECK_REFUSED(frame_table(page, 0x80000000), E_BAD_KIND);
	CHECK_REFUSED(frame_table(page, F_TABLE_L2), E_NOT_VIEWED_READ_ONLY);
	CHECK_REFUSED(frame_table(page, F_TABLE_NO), E_NOT_TABLE);
	see(device, READ_ONLY);
	CHECK_REFUSED(frame_table(device, F_TABLE_L2), E_WRONG_TYPE);
	CHECK_OK(frame_unmap(device, F_MAP_PAGE));
	CHECK_OK(frame_pool(pool));
	CHECK_REFUSED(frame_table(pool, F_TABLE_L2), E_WRONG_TYPE);
}

/* Seen read-only, but not in the vspace that we are in. */
static void check_view_elsewhere(void)
{
	int l1 = take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE), l2 = take_table(F_TABLE_L2, 1);
	int page = take(1);

	CHECK_OK(frame_map(l1, l2, (void *)MIB, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(l2, page, (void *)MIB, READ_ONLY));
	CHECK_REFUSED(frame_table(page, F_TABLE_L2), E_NOT_VIEWED_READ_ONLY);
	CHECK_OK(frame_unmap(l2, F_MAP_TABLE_L2));
	CHECK_REFUSED(frame_table(page, F_TABLE_L2), E_NOT_VIEWED_READ_ONLY);
	CHECK_OK(frame_unmap(page, F_MAP_PAGE));
}

/* Back to memory go only tables that nobody needs. */
static void check_no_table(void)
{
	int l1 = take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE), l2 = take_table(F_TABLE_L2, 1);
	int page = take(1);

	CHECK_REFUSED(frame_table(vspace_id(), F_TABLE_NO), E_TABLE_CURRENT);
	CHECK_OK(frame_map(l1, l2, (void *)MIB, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(l2, page, (void *)MIB, READ_ONLY));
	CHECK_REFUSED(frame_table(l2, F_TABLE_NO), E_TABLE_HUNG);
	CHECK_REFUSED(frame_table(l1, F_TABLE_NO), E_TABLE_NOT_EMPTY);
	CHECK_OK(frame_unmap(l2, F_MAP_TABLE_L2));
	CHECK_REFUSED(frame_table(l2, F_TABLE_NO), E_TABLE_NOT_EMPTY);
	CHECK_OK(frame_table(l1, F_TABLE_NO));
	CHECK_OK(frame_unmap(page, F_MAP_PAGE));
	CHECK_OK(frame_unmap(l2, F_MAP_PAGE)); /* no view is needed on the way back */
	CHECK_OK(frame_table(l2, F_TABLE_NO));
	check_zero(see(l2, READ_WRITE), PAGE_SIZE);
	CHECK(look(l2).t_flags == F_TABLE_NO);
	CHECK_REFUSED(frame_table(l2, F_TABLE_NO), E_NOT_TABLE);
}

int main(void)
{
	check_l2(1);
	check_l2(3);
	check_l1();
	check_l1_shape();
	check_kinds_of_frames();
	check_view_elsewhere();
	check_no_table();
	return check_passed("frame_table");
}
