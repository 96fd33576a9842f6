/* frame_split: two frames where there was one, and nothing else different. */

#include "callcheck.h"

#define PAGES 8

static void check_parts(const struct frame *whole, int upper_id, unsigned offset)
{
	struct frame lower = look(whole->f_id), upper = look(upper_id), last;

	CHECK(lower.pa == whole->pa && lower.len == offset && lower.type == whole->type);
	CHECK(upper.pa == whole->pa + offset && upper.len == whole->len - offset);
	CHECK(upper.type == whole->type);
	CHECK_OK(frame_info((unsigned)frame_count() - 1, &last));
	CHECK(last.f_id == upper_id);
}

/* At every page of an unmapped frame. */
static void check_unmapped(void)
{
	int f_id = take(PAGES);
	struct frame whole = look(f_id);

	for (unsigned offset = PAGE_SIZE; offset < whole.len; offset += PAGE_SIZE) {
		int upper = CHECK_OK(frame_split(f_id, offset));
		check_parts(&whole, upper, offset);
		CHECK(look(f_id).v_id == NO_ID && look(upper).v_id == NO_ID);
		CHECK_OK(frame_merge(f_id, upper));
	}
}

/* Each part keeps its part of a page view, and its rights. */
static void check_viewed(void)
{
	int f_id = take(PAGES);
	char *seen = see(f_id, READ_WRITE);
	struct frame whole = look(f_id);

	fill(seen, whole.len, 1);
	int upper = CHECK_OK(frame_split(f_id, 3 * PAGE_SIZE));
	check_parts(&whole, upper, 3 * PAGE_SIZE);
	CHECK(look(upper).v_va == whole.v_va + 3 * PAGE_SIZE && look(upper).v_id == whole.v_id);
	CHECK(look(upper).v_flags == whole.v_flags);
	check_view(f_id);
	check_view(upper);
	check_filled(seen, whole.len, 1);

	/* From now on each view goes its own way. */
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
	check_hole(seen);
	check_hole(seen + 2 * PAGE_SIZE);
	check_view(upper);
	fill(seen + 3 * PAGE_SIZE, whole.len - 3 * PAGE_SIZE, 2);
	check_filled(seen + 3 * PAGE_SIZE, whole.len - 3 * PAGE_SIZE, 2);
}

/* A section view has no smaller parts than sections. */
static void check_section(void)
{
	int f_id = CHECK_OK(frame_take(3 * MIB, MIB));
	unsigned span = space_find_span((const unsigned *)look(vspace_id()).v_va, 3 * MIB);

	CHECK_OK(frame_map(vspace_id(), f_id, (void *)span, F_MAP_SECTION | READ_WRITE));
	fill((void *)span, 3 * MIB, 3);
	CHECK_REFUSED(frame_split(f_id, PAGE_SIZE), E_UNALIGNED);
	CHECK_REFUSED(frame_split(f_id, MIB + PAGE_SIZE), E_UNALIGNED);
	CHECK_REFUSED(frame_split(f_id, 3 * MIB), E_OUT_OF_RANGE);
	int upper = CHECK_OK(frame_split(f_id, 2 * MIB));
	check_view(f_id);
	check_view(upper);
	CHECK(look(upper).v_va == span + 2 * MIB && look(upper).v_flags & F_MAP_SECTION);
	CHECK_OK(frame_unmap(f_id, F_MAP_SECTION));
	check_hole((void *)span);
	check_hole((void *)(span + 2 * MIB - 1));
	check_view(upper);
	CHECK_OK(frame_map(vspace_id(), f_id, (void *)span, F_MAP_SECTION | READ_WRITE));
	check_filled((void *)span, 3 * MIB, 3);
	CHECK_OK(frame_unmap(f_id, F_MAP_SECTION));
	CHECK_OK(frame_unmap(upper, F_MAP_SECTION));
}

static void check_offsets(void)
{
	static const size_t odd[] = {1, 4, 0x800, 0xfff, 0x1001, 0x80000001, 0xffffffff};
	static const size_t outside[] = {0, PAGES * PAGE_SIZE, (PAGES + 1) * PAGE_SIZE, 0x80000000,
	                                 0xfffff000};
	int f_id = take(PAGES), page = take(1);

	for (unsigned i = 0; i < sizeof odd / sizeof odd[0]; i++)
		CHECK_REFUSED(frame_split(f_id, odd[i]), E_UNALIGNED);
	for (unsigned i = 0; i < sizeof outside / sizeof outside[0]; i++)
		CHECK_REFUSED(frame_split(f_id, outside[i]), E_OUT_OF_RANGE);
	CHECK_REFUSED(frame_split(page, PAGE_SIZE), E_OUT_OF_RANGE);
}

static void check_kinds_of_frames(void)
{
	int l2 = take_table(F_TABLE_L2, 2), pool = take(2);

	CHECK_REFUSED(frame_split(NO_SUCH_ID, PAGE_SIZE), E_NO_FRAME);
	CHECK_REFUSED(frame_split(NO_ID, PAGE_SIZE), E_NO_FRAME);
	CHECK_REFUSED(frame_split(l2, PAGE_SIZE), E_IS_TABLE);
	CHECK_REFUSED(frame_split(vspace_id(), PAGE_SIZE), E_IS_TABLE);
	CHECK_OK(frame_pool(pool));
	CHECK_REFUSED(frame_split(pool, PAGE_SIZE), E_WRONG_TYPE);
}

static void check_full_pool(void)
{
	int f_id = take(2), upper;

	pool_fill();
	CHECK_RESULT(frame_split(f_id, PAGE_SIZE), E_POOL_FULL);
	pool_release(1);
	upper = CHECK_OK(frame_split(f_id, PAGE_SIZE));
	CHECK_OK(frame_merge(f_id, upper));
	pool_empty();
}

int main(void)
{
	check_unmapped();
	check_viewed();
	check_section();
	check_offsets();
	check_kinds_of_frames();
	check_full_pool();
	return check_passed("frame_split");
}
