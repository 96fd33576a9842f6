/* frame_unmap: one role goes, the other stays. */

#include "callcheck.h"

#include "tables.h"

static int l1;

static char *free_span(unsigned len)
{
	char *span = (char *)space_find_span((const unsigned *)look(l1).v_va, len);

	CHECK(span != NULL);
	return span;
}

static void check_pages(void)
{
	int f_id = take(3);
	char *seen = see(f_id, READ_WRITE);

	fill(seen, 3 * PAGE_SIZE, 1);
	CHECK_REFUSED(frame_unmap(f_id, F_MAP_SECTION), E_NOT_MAPPED);
	CHECK_REFUSED(frame_unmap(f_id, F_MAP_TABLE_L2), E_NOT_MAPPED);
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
	check_hole(seen);
	check_hole(seen + 3 * PAGE_SIZE - 1);
	CHECK_REFUSED(frame_unmap(f_id, F_MAP_PAGE), E_NOT_MAPPED);
	check_filled(see(f_id, READ_ONLY), 3 * PAGE_SIZE, 1);
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
}

static void check_sections(void)
{
	int f_id = CHECK_OK(frame_take(2 * MIB, MIB));
	char *span = free_span(2 * MIB);

	CHECK_OK(frame_map(l1, f_id, span, F_MAP_SECTION | READ_WRITE));
	CHECK_REFUSED(frame_unmap(f_id, F_MAP_PAGE), E_NOT_MAPPED);
	CHECK_OK(frame_unmap(f_id, F_MAP_SECTION));
	check_hole(span);
	check_hole(span + 2 * MIB - 1);
	CHECK_REFUSED(frame_unmap(f_id, F_MAP_SECTION), E_NOT_MAPPED);
}

/* A table out of sight goes on translating; brought back, it can be changed again. */
static void check_hidden_table(int table, char *span)
{
	int page = take(1);

	CHECK_OK(frame_map(table, page, span, READ_WRITE));
	fill(span, PAGE_SIZE, 2);
	CHECK_OK(frame_unmap(table, F_MAP_PAGE));
	check_filled(span, PAGE_SIZE, 2);
	fill(span, PAGE_SIZE, 3);

	/* Taking away needs no sight of the table. */
	CHECK_OK(frame_unmap(page, F_MAP_PAGE));
	CHECK_RESULT(console_write(span, 1), E_BAD_POINTER);
	CHECK_REFUSED(frame_map(table, page, span, READ_ONLY), E_TABLE_NOT_VISIBLE);
	see(table, READ_ONLY);
	CHECK_OK(frame_map(table, page, span, READ_ONLY));
	check_filled(span, PAGE_SIZE, 3);
	CHECK_OK(frame_unmap(page, F_MAP_PAGE));
}

/* Hung elsewhere, a table brings its pages along. */
static void check_moved_table(int table, char *span)
{
	int first = take(1), last = take(2);
	char *other;

	CHECK_OK(frame_map(table, first, span + PAGE_SIZE, READ_WRITE));
	CHECK_OK(frame_map(table, last, span + L2_SPAN - 2 * PAGE_SIZE, READ_WRITE));
	fill(span + PAGE_SIZE, PAGE_SIZE, 4);
	fill(span + L2_SPAN - 2 * PAGE_SIZE, 2 * PAGE_SIZE, 5);
	CHECK_OK(frame_unmap(table, F_MAP_TABLE_L2));
	check_hole(span + PAGE_SIZE);
	check_hole(span + L2_SPAN - 1);
	CHECK(look(first).v_id == table && look(first).v_va == PAGE_SIZE);
	CHECK_REFUSED(frame_unmap(table, F_MAP_TABLE_L2), E_NOT_MAPPED);

	other = free_span(2 * L2_SPAN) + MIB;
	CHECK_OK(frame_map(l1, table, other, F_MAP_TABLE_L2));
	CHECK(look(first).v_va == (unsigned)other + PAGE_SIZE);
	CHECK(look(last).v_va == (unsigned)other + L2_SPAN - 2 * PAGE_SIZE);
	check_view(first);
	check_view(last);
	check_filled(other + PAGE_SIZE, PAGE_SIZE, 4);
	check_filled(other + L2_SPAN - 2 * PAGE_SIZE, 2 * PAGE_SIZE, 5);
	CHECK_OK(frame_unmap(table, F_MAP_TABLE_L2));
	CHECK_OK(frame_unmap(first, F_MAP_PAGE)); /* from a table that is installed nowhere */
	CHECK_OK(frame_unmap(last, F_MAP_PAGE));
	CHECK_OK(space_free_table(table));
}

/* Even our own L1 need not be in sight, as long as we know how to bring it back. */
static void check_own_l1(void)
{
	struct frame before = look(l1);
	int page = take(1);

	CHECK_REFUSED(frame_unmap(l1, F_MAP_TABLE_L2), E_NOT_MAPPED);
	CHECK_OK(frame_unmap(l1, F_MAP_PAGE));
	CHECK_RESULT(frame_map(l1, page, (void *)MIB, F_MAP_SECTION | READ_ONLY),
	             E_TABLE_NOT_VISIBLE);
	CHECK(vspace_id() == l1);
	CHECK_OK(frame_map(before.v_id, l1, (void *)before.v_va, before.v_flags));
	CHECK(look(l1).v_va == before.v_va && own_l1() != NULL);
}

int main(void)
{
	int table;
	char *span;

	l1 = vspace_id();
	table = take_table(F_TABLE_L2, 1);
	span = free_span(L2_SPAN);
	CHECK_OK(frame_map(l1, table, span, F_MAP_TABLE_L2));

	CHECK_REFUSED(frame_unmap(NO_SUCH_ID, F_MAP_PAGE), E_NO_FRAME);
	CHECK_REFUSED(frame_unmap(NO_ID, F_MAP_TABLE_L2), E_NO_FRAME);
	CHECK_REFUSED(frame_unmap(table, F_MAP_TABLE_L1), E_BAD_KIND);
	CHECK_REFUSED(frame_unmap(table, 4 << 2), E_BAD_KIND);
	CHECK_REFUSED(frame_unmap(table, F_MAP_PAGE | F_MAP_READ), E_BAD_KIND);
	CHECK_REFUSED(frame_unmap(table, 0xffffffff), E_BAD_KIND);
	check_pages();
	check_sections();
	check_hidden_table(table, span);
	check_moved_table(table, span);
	check_own_l1();
	return check_passed("frame_unmap");
}
