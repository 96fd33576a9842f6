/* Address spaces: finding addresses, tables for them, mapping and unmapping. */

#include "space.h"

#include <stddef.h>
#include <string.h>

#include "tables.h"

#define SEEN (F_MAP_READ | F_MAP_NOEXEC)
#define READ_WRITE (SEEN | F_MAP_WRITE)

/* Addresses of our own from here to SPACE_END are reserved. */
static unsigned reserved_from = SPACE_END;

static bool is_reserved(unsigned va)
{
	return va >= reserved_from && va < SPACE_END;
}

static unsigned span_of(const struct frame *table)
{
	return table->len / PAGE_SIZE * L2_SPAN;
}

/* What an L2 must span for len bytes. */
static unsigned span_for(unsigned len)
{
	return (len + L2_SPAN - 1) & ~(L2_SPAN - 1);
}

static bool is_l2_of(const struct frame *frame, int l1)
{
	return frame_is_table(frame, F_TABLE_L2) && frame->t_id == l1;
}

struct space space_own(void)
{
	return (struct space){vspace_id()};
}

bool space_sees(const struct frame *frame)
{
	int l1 = vspace_id();
	struct frame table;

	return frame_is_viewed(frame) && frame_lookup(frame->v_id, &table) == 0
	       && (table.f_id == l1 || table.t_id == l1);
}

/* Finding addresses */

/* The lowest place for so many pages in an L2 that we see, as an index, or -1.  spare: only if an entry above
 * it stays empty, where the L2 that is needed next can be seen. */
static int find_pages(const struct frame *l2, unsigned pages, bool spare)
{
	const unsigned *entries = (const unsigned *)l2->v_va;
	unsigned start = l2->t_va == 0, end = l2->len / sizeof *entries; /* page 0 is never mapped */
	int first = find_empty(entries, start, end, pages);

	if (first >= 0 && spare && find_empty(entries, (unsigned)first + pages, end, 1) < 0)
		return -1;
	return first;
}

/* As frame_find_place. */
static int find_place(unsigned len, unsigned *va, bool spare)
{
	int l1 = vspace_id(), found = E_ERR;
	struct frame table;

	*va = 0;
	for (unsigned i = 0; frame_info(i, &table) == 0; i++) {
		if (!is_l2_of(&table, l1) || !frame_is_viewed(&table) || table.t_va < *va || is_reserved(table.t_va))
			continue;
		int first = find_pages(&table, len / PAGE_SIZE, spare);
		if (first >= 0) {
			*va = table.t_va + (unsigned)first * PAGE_SIZE;
			found = table.f_id;
		}
	}
	return found;
}

int frame_find_place(unsigned len, unsigned *va)
{
	return find_place(len, va, false);
}

/* The lowest span for which an L1 has no entries in [start, end); 0 if there is none. */
static unsigned find_span(const unsigned *l1, unsigned start, unsigned end, unsigned span)
{
	int first = l1 == NULL ? -1 : find_empty(l1, start / MIB, end / MIB, span / MIB);

	return first < 0 ? 0 : (unsigned)first * MIB;
}

unsigned space_find_span(const unsigned *l1, unsigned len)
{
	return find_span(l1, MIB, KERNEL_VA, len);
}

unsigned space_reserve(unsigned len)
{
	unsigned span = span_for(len);

	if (span > reserved_from - SPACE_START)
		return 0;
	reserved_from -= span;
	return reserved_from;
}

/* Tables */

/* See a frame in the L2s that there are. */
static void *see(const struct frame *frame, unsigned rights, bool spare)
{
	unsigned va;
	int table = find_place(frame->len, &va, spare);

	if (table < 0 || frame_map(table, frame->f_id, (void *)va, F_MAP_PAGE | rights) < 0)
		return NULL;
	return (void *)va;
}

/* Free a frame that is mapped nowhere, and pass on why. */
static int give_up(int f_id, int error)
{
	frame_free(f_id);
	return error;
}

int space_take_table(unsigned type, unsigned len)
{
	int table = frame_take(len, type == F_TABLE_L1 ? L1_SIZE : PAGE_SIZE);
	struct frame frame;

	if (table < 0)
		return table;
	if (frame_lookup(table, &frame) < 0 || see(&frame, SEEN, false) == NULL)
		return give_up(table, E_ENTRY_IN_USE);
	int result = frame_table(table, type);
	if (result < 0) {
		frame_unmap(table, F_MAP_PAGE);
		return give_up(table, result);
	}
	return table;
}

int space_free_table(int table)
{
	int result = frame_table(table, F_TABLE_NO);

	if (result == 0)
		result = frame_unmap(table, F_MAP_PAGE);
	return result < 0 && result != E_NOT_MAPPED ? result : frame_free(table);
}

/* Install a new L2.  Its id, or an error. */
static int install(int l1, unsigned va, unsigned span)
{
	int table = space_take_table(F_TABLE_L2, span / L2_SPAN * PAGE_SIZE);
	int result = table < 0 ? table : frame_map(l1, table, (void *)va, F_MAP_TABLE_L2);

	if (table >= 0 && result < 0)
		space_free_table(table);
	return result < 0 ? result : table;
}

/* Install an L2 with room for len bytes in our own address space. */
static bool grow(unsigned len)
{
	unsigned span = span_for(len), va = find_span(own_l1(), SPACE_START, reserved_from, span);

	return va != 0 && install(vspace_id(), va, span) >= 0;
}

/* The first L2 in a space, in the order of our frames. */
static bool first_table(const struct space *space, struct frame *table)
{
	for (unsigned i = 0; frame_info(i, table) == 0; i++)
		if (is_l2_of(table, space->l1))
			return true;
	return false;
}

bool space_table(const struct space *space, unsigned va, struct frame *table)
{
	for (unsigned i = 0; frame_info(i, table) == 0; i++)
		if (is_l2_of(table, space->l1) && va - table->t_va < span_of(table))
			return true;
	return false;
}

/* The same, made if it is not there yet.  0, or an error. */
static int table_for(const struct space *space, unsigned va, struct frame *table)
{
	if (space_table(space, va, table))
		return 0;
	int made = install(space->l1, va & ~(L2_SPAN - 1), L2_SPAN);
	return made < 0 ? made : frame_lookup(made, table);
}

/* Mapping and unmapping */

void *space_see(int f_id, unsigned rights)
{
	struct frame frame;

	if (frame_lookup(f_id, &frame) < 0)
		return NULL;
	void *seen = see(&frame, rights, true);
	/* One entry more, that is left free. */
	if (seen == NULL && grow(frame.len + PAGE_SIZE))
		seen = see(&frame, rights, true);
	return seen;
}

void *space_new(unsigned len, int *f_id)
{
	frame_keep_room();
	int taken = frame_take(len, PAGE_SIZE);
	void *seen = taken < 0 ? NULL : space_see(taken, READ_WRITE);

	if (taken >= 0 && seen == NULL)
		frame_free(taken);
	if (seen != NULL)
		memset(seen, 0, len);
	if (f_id != NULL)
		*f_id = seen == NULL && taken >= 0 ? E_ENTRY_IN_USE : taken;
	return seen;
}

int space_map(const struct space *space, int f_id, unsigned va, unsigned rights)
{
	struct frame frame, table;
	int result = frame_lookup(f_id, &frame);

	if (result == 0)
		result = table_for(space, va, &table);
	if (result < 0)
		return result;
	unsigned room = table.t_va + span_of(&table) - va;
	if (frame.len > room) {
		int upper = frame_split(f_id, room);
		result = upper < 0 ? upper : space_map(space, upper, va + room, rights);
	}
	return result < 0 ? result : frame_map(table.f_id, f_id, (void *)va, F_MAP_PAGE | rights);
}

int space_unmap(void *va)
{
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.v_va == (unsigned)va && space_sees(&frame)) {
			int result = frame_unmap(frame.f_id, frame.v_flags & F_MAP_KIND_MASK);
			return result < 0 ? result : frame.f_id;
		}
	return E_NOT_MAPPED;
}

int space_free(void *va)
{
	int f_id = space_unmap(va);

	return f_id < 0 ? f_id : frame_free(f_id);
}

/* Whole address spaces */

int space_begin(struct space *space)
{
	space->l1 = space_take_table(F_TABLE_L1, L1_SIZE);
	return space->l1 < 0 ? space->l1 : 0;
}

int space_finish(const struct space *space)
{
	struct frame home, table;
	int result = table_for(space, SPACE_AREA, &home);
	char *va = (char *)SPACE_AREA;

	if (result == 0)
		result = frame_map(home.f_id, space->l1, va, F_MAP_PAGE | SEEN);
	va += L1_SIZE;
	for (unsigned i = 0; result == 0 && frame_info(i, &table) == 0; i++)
		if (is_l2_of(&table, space->l1) && table.f_id != home.f_id) {
			result = frame_map(home.f_id, table.f_id, va, F_MAP_PAGE | SEEN);
			va += table.len;
		}
	/* Once home is seen only from inside, nothing more can be mapped in it from here. */
	return result < 0 ? result : frame_map(home.f_id, home.f_id, va, F_MAP_PAGE | SEEN);
}

/* A frame that is viewed in this table.  False if there is none. */
static bool viewed_in(int table, struct frame *frame)
{
	for (unsigned i = 0; frame_info(i, frame) == 0; i++)
		if (frame->v_id == table)
			return true;
	return false;
}

/* Unmap every frame that is viewed in this table; those that are no tables are free then. */
static void clear(int table)
{
	struct frame frame;

	while (viewed_in(table, &frame) && frame_unmap(frame.f_id, F_MAP_PAGE) == 0)
		frame_free(frame.f_id);
}

void space_drop(const struct space *space)
{
	struct frame table;

	while (first_table(space, &table)) {
		clear(table.f_id);
		if (frame_unmap(table.f_id, F_MAP_TABLE_L2) < 0)
			break;
		space_free_table(table.f_id);
	}
	space_free_table(space->l1);
}
