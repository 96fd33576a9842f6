/* Makes a translation table of a piece of free memory, maps pages through it, and undoes it all. */

#include "check.h"
#include "console.h"
#include "space.h"
#include "tables.h"

#define PAGES 3

/* A page of free memory becomes an L2 that we can see; its id. */
static int make_table(void)
{
	unsigned va;
	int table = CHECK_OK(frame_take(PAGE_SIZE, PAGE_SIZE));
	int place = CHECK_OK(frame_find_place(PAGE_SIZE, &va));

	CHECK_RESULT(frame_table(table, F_TABLE_L2), E_NOT_VIEWED_READ_ONLY);
	CHECK_OK(frame_map(place, table, (void *)va, F_MAP_PAGE | F_MAP_READ | F_MAP_NOEXEC));
	CHECK_OK(frame_table(table, F_TABLE_L2));
	for (unsigned i = 0; i < PAGE_SIZE / 4; i++)
		CHECK(((const unsigned *)va)[i] == 0);
	printf("frame %d is an L2 table, seen at %08x\n", table, va);
	return table;
}

/* Map pages at the table's start, use them, and look at the entries the kernel has made. */
static void use_pages(int table, unsigned span)
{
	int data = CHECK_OK(frame_take(PAGES * PAGE_SIZE, PAGE_SIZE));
	unsigned *words = (unsigned *)(span + 5 * PAGE_SIZE);
	struct frame frame;
	struct entry entry;

	CHECK_OK(frame_map(table, data, words, F_MAP_PAGE | F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC));
	for (unsigned i = 0; i < PAGES * PAGE_SIZE / 4; i++)
		words[i] = i * 0x9e3779b9u;
	for (unsigned i = 0; i < PAGES * PAGE_SIZE / 4; i++)
		CHECK(words[i] == i * 0x9e3779b9u);

	CHECK_OK(frame_lookup(data, &frame));
	CHECK(frame.v_id == table && frame.v_va == (unsigned)words);
	for (unsigned i = 0; i < PAGES; i++) {
		CHECK(find_entry((unsigned)words + i * PAGE_SIZE, &entry));
		CHECK(entry.kind == ENTRY_SMALL_PAGE && entry.pa == frame.pa + i * PAGE_SIZE);
		CHECK(entry.flags == (F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC));
	}
	printf("%d pages came and went at %p\n", PAGES, (void *)words);

	CHECK_RESULT(frame_map(table, table, words, F_MAP_PAGE | F_MAP_READ), E_ENTRY_IN_USE);
	CHECK_OK(frame_unmap(data, F_MAP_PAGE));
	CHECK(!find_entry((unsigned)words, &entry));
	CHECK_RESULT(console_write(words, 1), E_BAD_POINTER);
}

/* The table is installed in the L1; while it is, it cannot be turned back into memory. */
static void install(int table, unsigned span)
{
	struct frame frame;

	CHECK_OK(frame_map(vspace_id(), table, (void *)span, F_MAP_TABLE_L2));
	CHECK_OK(frame_lookup(table, &frame));
	CHECK(frame.t_id == vspace_id() && frame.t_va == span && frame_is_hung(&frame));
	CHECK(l1_entry(own_l1()[span / MIB]).pa == frame.pa);
	CHECK(frame_table(table, F_TABLE_NO) < 0);
	printf("frame %d translates %08x-%08x\n", table, span, span + 4 * MIB - 1);
}

static void remove_table(int table, unsigned span)
{
	CHECK_OK(frame_unmap(table, F_MAP_TABLE_L2));
	CHECK(own_l1()[span / MIB] == 0);
	CHECK_OK(frame_table(table, F_TABLE_NO));
	CHECK_OK(frame_unmap(table, F_MAP_PAGE));
}

int main(void)
{
	unsigned span = space_find_span(own_l1(), L2_SPAN);
	int table = make_table();

	CHECK(span != 0);
	install(table, span);
	use_pages(table, span);
	remove_table(table, span);
	return check_passed("maptable");
}
