/* frame_map: pages, sections and tables, at the edges of each, and every reason to refuse. */

#include "callcheck.h"

#include "tables.h"

#define PAGES_OF_AN_L2 (L2_SPAN / PAGE_SIZE)

/* A table of our own at a place of our own: 4 MiB in which nothing else is. */
static int table;
static char *span;

static int l1;

static const unsigned *own_entries(void)
{
	return (const unsigned *)look(l1).v_va;
}

static void make_room(void)
{
	int page = take(1);

	l1 = vspace_id();
	span = (char *)space_find_span(own_entries(), L2_SPAN);
	table = take_table(F_TABLE_L2, 1);
	CHECK_REFUSED(frame_map(table, page, span, READ_ONLY), E_TABLE_NOT_HUNG);
	CHECK_OK(frame_map(l1, table, span, F_MAP_TABLE_L2));
}

/* Map, use, and unmap again. */
static void check_pages(unsigned pages, unsigned first)
{
	int f_id = take(pages);
	char *at = span + first * PAGE_SIZE;

	CHECK_OK(frame_map(table, f_id, at, READ_WRITE));
	CHECK(look(f_id).v_va == (unsigned)at && look(f_id).v_id == table);
	CHECK(look(f_id).v_flags == (F_MAP_PAGE | READ_WRITE));
	check_view(f_id);
	fill(at, pages * PAGE_SIZE, first);
	check_filled(at, pages * PAGE_SIZE, first);
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
	check_hole(at);
	check_hole(at + pages * PAGE_SIZE - 1);
	CHECK_OK(frame_free(f_id));
}

static void check_page_places(void)
{
	const unsigned mib = MIB / PAGE_SIZE;

	check_pages(1, 0);
	check_pages(1, PAGES_OF_AN_L2 - 1);
	check_pages(2, mib - 1); /* across a border of two coarse tables */
	check_pages(2 * mib + 2, mib - 1);
	check_pages(PAGES_OF_AN_L2, 0);
}

/* The rights asked for are the rights there are, as calls and the tables know them. */
static void check_rights(void)
{
	const unsigned rights[] = {
		F_MAP_READ, F_MAP_READ | F_MAP_NOEXEC, F_MAP_READ | F_MAP_WRITE, READ_WRITE,
	};
	int f_id = take(1);

	for (unsigned i = 0; i < sizeof rights / sizeof rights[0]; i++) {
		CHECK_OK(frame_map(table, f_id, span, rights[i]));
		check_view(f_id);
		CHECK_RESULT(frame_lookup(f_id, (struct frame *)span),
		             rights[i] & F_MAP_WRITE ? 0 : E_BAD_POINTER);
		CHECK_RESULT(console_write(span, 0), 0);
	}
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
}

/* Mapping again moves the view, even onto part of itself, and changes its rights. */
static void check_moving(void)
{
	int f_id = take(4);
	char *at = span + 16 * PAGE_SIZE;

	CHECK_OK(frame_map(table, f_id, at, READ_WRITE));
	fill(at, 4 * PAGE_SIZE, 7);
	CHECK_OK(frame_map(table, f_id, at + PAGE_SIZE, READ_WRITE));
	check_hole(at);
	check_view(f_id);
	check_filled(at + PAGE_SIZE, 4 * PAGE_SIZE, 7);
	CHECK_OK(frame_map(table, f_id, at - PAGE_SIZE, READ_WRITE));
	check_hole(at + 3 * PAGE_SIZE);
	check_view(f_id);
	check_filled(at - PAGE_SIZE, 4 * PAGE_SIZE, 7);
	CHECK_OK(frame_map(table, f_id, at - PAGE_SIZE, READ_ONLY));
	check_view(f_id);
	CHECK(see(f_id, READ_WRITE) != at); /* to another table */
	check_hole(at);
	check_view(f_id);
	check_filled((void *)look(f_id).v_va, 4 * PAGE_SIZE, 7);
	CHECK_OK(frame_unmap(f_id, F_MAP_PAGE));
}

/* One frame's pages next to another's, and never on top of them. */
static void check_entries_in_use(void)
{
	int first = take(2), second = take(2);
	char *at = span + MIB;

	CHECK_OK(frame_map(table, first, at, READ_WRITE));
	CHECK_REFUSED(frame_map(table, second, at, READ_WRITE), E_ENTRY_IN_USE);
	CHECK_REFUSED(frame_map(table, second, at + PAGE_SIZE, READ_WRITE), E_ENTRY_IN_USE);
	CHECK_REFUSED(frame_map(table, second, at - PAGE_SIZE, READ_WRITE), E_ENTRY_IN_USE);
	CHECK_OK(frame_map(table, second, at - 2 * PAGE_SIZE, READ_WRITE));
	CHECK_REFUSED(frame_map(table, second, at - PAGE_SIZE, READ_WRITE), E_ENTRY_IN_USE);
	CHECK_OK(frame_map(table, second, at + 2 * PAGE_SIZE, READ_WRITE));
	CHECK_REFUSED(frame_map(l1, table, span, F_MAP_TABLE_L2), E_TABLE_HUNG);
	CHECK_OK(frame_unmap(first, F_MAP_PAGE));
	CHECK_OK(frame_unmap(second, F_MAP_PAGE));
}

static void check_range_of_a_table(void)
{
	int page = take(1), two = take(2), whole = take(PAGES_OF_AN_L2 + 1);
	char *last = span + L2_SPAN - PAGE_SIZE;

	CHECK_REFUSED(frame_map(table, page, span - PAGE_SIZE, READ_ONLY), E_OUT_OF_RANGE);
	CHECK_REFUSED(frame_map(table, page, span + L2_SPAN, READ_ONLY), E_OUT_OF_RANGE);
	CHECK_REFUSED(frame_map(table, two, last, READ_ONLY), E_OUT_OF_RANGE);
	CHECK_REFUSED(frame_map(table, two, span - PAGE_SIZE, READ_ONLY), E_OUT_OF_RANGE);
	CHECK_REFUSED(frame_map(table, whole, span, READ_ONLY), E_OUT_OF_RANGE);
	CHECK_REFUSED(frame_map(table, page, (void *)0xfffff000, READ_ONLY), E_OUT_OF_RANGE);
	CHECK_REFUSED(frame_map(table, page, (void *)KERNEL_VA, READ_ONLY), E_OUT_OF_RANGE);
	CHECK_REFUSED(frame_map(table, page, span + 1, READ_ONLY), E_UNALIGNED);
	CHECK_REFUSED(frame_map(table, page, span + 0x800, READ_ONLY), E_UNALIGNED);
	CHECK_REFUSED(frame_map(table, page, last + 0xfff, READ_ONLY), E_UNALIGNED);
	CHECK_OK(frame_free(whole));
}

static void check_flags(void)
{
	const unsigned senseless[] = {
		0, F_MAP_WRITE, F_MAP_NOEXEC, F_MAP_WRITE | F_MAP_NOEXEC, READ_ONLY | 1u << 7,
		READ_ONLY | 1u << 31, F_MAP_TABLE_L2 | F_MAP_READ, F_MAP_TABLE_L2 | F_MAP_NOEXEC,
		F_MAP_TABLE_L2 | 1u << 16,
	};
	int page = take(1);

	for (unsigned i = 0; i < sizeof senseless / sizeof senseless[0]; i++)
		CHECK_REFUSED(frame_map(table, page, span, senseless[i]), E_BAD_FLAGS);
	CHECK_REFUSED(frame_map(l1, page, span, F_MAP_TABLE_L1), E_BAD_KIND);
	for (unsigned kind = 4; kind < 16; kind++)
		CHECK_REFUSED(frame_map(table, page, span, kind << 2 | READ_ONLY), E_BAD_KIND);
}

static void check_kinds_of_frames(void)
{
	int page = take(1), plain = take(1), pool = take(1), spare = take_table(F_TABLE_L2, 1);

	CHECK_REFUSED(frame_map(NO_SUCH_ID, page, span, READ_ONLY), E_NO_FRAME);
	CHECK_REFUSED(frame_map(table, NO_SUCH_ID, span, READ_ONLY), E_NO_FRAME);
	CHECK_REFUSED(frame_map(NO_ID, NO_ID, span, READ_ONLY), E_NO_FRAME);
	CHECK_REFUSED(frame_map(plain, page, span, READ_ONLY), E_NOT_TABLE);
	CHECK_REFUSED(frame_map(l1, page, span, READ_ONLY), E_NOT_TABLE);
	CHECK_REFUSED(frame_map(table, page, span, F_MAP_SECTION | READ_ONLY), E_NOT_TABLE);
	CHECK_REFUSED(frame_map(table, spare, span, F_MAP_TABLE_L2), E_NOT_TABLE);
	CHECK_REFUSED(frame_map(l1, page, span, F_MAP_TABLE_L2), E_NOT_TABLE);
	CHECK_REFUSED(frame_map(l1, l1, span, F_MAP_TABLE_L2), E_NOT_TABLE);

	CHECK_REFUSED(frame_map(table, spare, span, READ_WRITE), E_TABLE_WRITABLE);
	CHECK_REFUSED(frame_map(table, table, span, READ_WRITE), E_TABLE_WRITABLE);
	CHECK_REFUSED(frame_map(table, l1, span, READ_WRITE), E_TABLE_WRITABLE);
	CHECK_OK(frame_pool(pool));
	CHECK_REFUSED(frame_map(table, pool, span, READ_ONLY), E_WRONG_TYPE);
}

/* Only a table in our sight is changed for us. */
static void check_visibility(void)
{
	int page = take(1);

	CHECK_OK(frame_map(table, page, span, READ_WRITE));
	fill(span, PAGE_SIZE, 8);
	CHECK_OK(frame_unmap(table, F_MAP_PAGE));
	CHECK_REFUSED(frame_map(table, page, span + PAGE_SIZE, READ_ONLY), E_TABLE_NOT_VISIBLE);
	CHECK_REFUSED(frame_map(table, table, span + PAGE_SIZE, READ_ONLY), E_TABLE_NOT_VISIBLE);
	check_filled(span, PAGE_SIZE, 8); /* it goes on translating */
	see(table, READ_ONLY);
	check_view(page);
	CHECK_OK(frame_unmap(page, F_MAP_PAGE));
}

/* A table may be seen through itself. */
static void check_table_in_itself(void)
{
	CHECK_OK(frame_map(table, table, span + L2_SPAN - PAGE_SIZE, READ_ONLY));
	check_view(table);
	CHECK_OK(frame_map(table, table, span, READ_ONLY));
	check_view(table);
	check_hole(span + L2_SPAN - PAGE_SIZE);
	see(table, READ_ONLY);
	check_view(table);
	check_hole(span);
}

static void check_sections(void)
{
	int f_id = CHECK_OK(frame_take(2 * MIB, MIB)), crooked = take(256), upper;
	char *at = (char *)space_find_span(own_entries(), 3 * MIB);

	CHECK_OK(frame_map(l1, f_id, at, F_MAP_SECTION | READ_WRITE));
	check_view(f_id);
	fill(at, 2 * MIB, 9);
	CHECK_OK(frame_map(l1, f_id, at + MIB, F_MAP_SECTION | READ_WRITE));
	check_hole(at);
	check_filled(at + MIB, 2 * MIB, 9);
	CHECK_REFUSED(frame_map(l1, f_id, at + PAGE_SIZE, F_MAP_SECTION | READ_ONLY), E_UNALIGNED);
	CHECK_REFUSED(frame_map(l1, f_id, span, F_MAP_SECTION | READ_ONLY), E_ENTRY_IN_USE);
	CHECK_REFUSED(frame_map(l1, f_id, span - MIB, F_MAP_SECTION | READ_ONLY), E_ENTRY_IN_USE);
	CHECK_REFUSED(frame_map(l1, f_id, NULL, F_MAP_SECTION | READ_ONLY), E_PAGE_ZERO);
	CHECK_REFUSED(frame_map(l1, f_id, (void *)(KERNEL_VA - MIB), F_MAP_SECTION | READ_ONLY),
	              E_KERNEL_SPACE);
	CHECK_REFUSED(frame_map(l1, f_id, (void *)KERNEL_VA, F_MAP_SECTION | READ_ONLY),
	              E_KERNEL_SPACE);
	CHECK_REFUSED(frame_map(l1, f_id, (void *)0xfff00000, F_MAP_SECTION | READ_ONLY),
	              E_KERNEL_SPACE);

	/* From sections to pages and back: a view is of one kind at a time. */
	CHECK_OK(frame_map(table, f_id, span + MIB / 2, READ_ONLY));
	check_hole(at + MIB);
	check_view(f_id);
	check_filled(span + MIB / 2, 2 * MIB, 9);
	CHECK_OK(frame_map(l1, f_id, at, F_MAP_SECTION | READ_ONLY));
	check_view(f_id);
	CHECK_OK(frame_unmap(f_id, F_MAP_SECTION));

	/* The memory itself must be whole MiBs at a MiB. */
	upper = CHECK_OK(frame_split(f_id, MIB + PAGE_SIZE));
	CHECK_REFUSED(frame_map(l1, f_id, at, F_MAP_SECTION | READ_ONLY), E_UNALIGNED);
	CHECK_OK(frame_merge(f_id, upper));
	upper = CHECK_OK(frame_split(f_id, PAGE_SIZE));
	CHECK_REFUSED(frame_map(l1, upper, at, F_MAP_SECTION | READ_ONLY), E_UNALIGNED);
	CHECK_OK(frame_merge(f_id, upper));
	if (look(crooked).pa % MIB != 0)
		CHECK_REFUSED(frame_map(l1, crooked, at, F_MAP_SECTION | READ_ONLY), E_UNALIGNED);
}

/* Tables of one page and of several, at every MiB, and up to the kernel. */
static void check_hanging(void)
{
	int small = take_table(F_TABLE_L2, 1), large = take_table(F_TABLE_L2, 2), page = take(1);
	char *at = (char *)space_find_span(own_entries(), 3 * L2_SPAN);

	CHECK_REFUSED(frame_map(l1, small, at + PAGE_SIZE, F_MAP_TABLE_L2), E_UNALIGNED);
	CHECK_OK(frame_map(l1, small, at + MIB, F_MAP_TABLE_L2));
	for (unsigned i = 0; i < 4; i++) {
		struct entry entry = l1_entry(own_entries()[(unsigned)at / MIB + 1 + i]);
		CHECK(entry.kind == ENTRY_COARSE && entry.pa == look(small).pa + i * 0x400);
	}
	CHECK(own_entries()[(unsigned)at / MIB] == 0 && own_entries()[(unsigned)at / MIB + 5] == 0);
	CHECK_REFUSED(frame_map(l1, small, at + 2 * L2_SPAN, F_MAP_TABLE_L2), E_TABLE_HUNG);
	CHECK_REFUSED(frame_map(l1, large, at, F_MAP_TABLE_L2), E_ENTRY_IN_USE);
	CHECK_REFUSED(frame_map(l1, large, at + L2_SPAN, F_MAP_TABLE_L2), E_ENTRY_IN_USE);

	CHECK_OK(frame_map(l1, large, at + L2_SPAN + MIB, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(large, page, at + 3 * L2_SPAN + MIB - PAGE_SIZE, READ_ONLY));
	check_view(page);
	CHECK_REFUSED(frame_map(large, page, at + L2_SPAN, READ_ONLY), E_OUT_OF_RANGE);
	CHECK_OK(frame_unmap(large, F_MAP_TABLE_L2));
	CHECK_OK(frame_unmap(small, F_MAP_TABLE_L2));

	void *last = (void *)(KERNEL_VA - L2_SPAN + MIB);
	CHECK_REFUSED(frame_map(l1, small, last, F_MAP_TABLE_L2), E_KERNEL_SPACE);
	CHECK_REFUSED(frame_map(l1, small, (void *)KERNEL_VA, F_MAP_TABLE_L2), E_KERNEL_SPACE);
	CHECK_REFUSED(frame_map(l1, small, (void *)0xfff00000, F_MAP_TABLE_L2), E_KERNEL_SPACE);
}

/* Page 0 stays empty: not mapped, and not brought there with a table. */
static void check_page_zero(void)
{
	int other_l1 = take_table(F_TABLE_L1, L1_SIZE / PAGE_SIZE), l2 = take_table(F_TABLE_L2, 1);
	int page = take(1);

	CHECK_OK(frame_map(other_l1, l2, NULL, F_MAP_TABLE_L2));
	CHECK_REFUSED(frame_map(l2, page, NULL, READ_ONLY), E_PAGE_ZERO);
	CHECK_OK(frame_map(l2, page, (void *)PAGE_SIZE, READ_ONLY));
	CHECK_OK(frame_unmap(l2, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(other_l1, l2, NULL, F_MAP_TABLE_L2));
	CHECK(look(page).v_va == PAGE_SIZE);

	CHECK_OK(frame_unmap(l2, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(other_l1, l2, (void *)MIB, F_MAP_TABLE_L2));
	CHECK_OK(frame_map(l2, page, (void *)MIB, READ_ONLY));
	CHECK_OK(frame_unmap(l2, F_MAP_TABLE_L2));
	CHECK_REFUSED(frame_map(other_l1, l2, NULL, F_MAP_TABLE_L2), E_PAGE_ZERO);
	CHECK_OK(frame_unmap(page, F_MAP_PAGE));
	CHECK_OK(frame_map(other_l1, l2, NULL, F_MAP_TABLE_L2));
}

/* A device's registers: never executable, whatever one asks. */
static void check_device(void)
{
	int device = device_frame();
	struct entry entry;

	CHECK_OK(frame_map(table, device, span, F_MAP_READ | F_MAP_WRITE));
	CHECK(find_entry((unsigned)span, &entry));
	CHECK(entry.pa == look(device).pa && entry.flags == READ_WRITE);
	CHECK_RESULT(console_write(span, 1), E_BAD_POINTER); /* no memory to read from */
	CHECK_OK(frame_unmap(device, F_MAP_PAGE));
}

int main(void)
{
	make_room();
	check_page_places();
	check_rights();
	check_moving();
	check_entries_in_use();
	check_range_of_a_table();
	check_flags();
	check_kinds_of_frames();
	check_visibility();
	check_table_in_itself();
	check_sections();
	check_hanging();
	check_page_zero();
	check_device();
	return check_passed("frame_map");
}
