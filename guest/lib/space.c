/* Building address spaces: more of one's own, and those of children that do not run yet. */

#include "space.h"

#include <stddef.h>

#include "frames.h"

#define SEEN (F_MAP_READ | F_MAP_NOEXEC)

void *space_see(int f_id, unsigned rights)
{
	struct frame frame;
	unsigned va;

	if (frame_lookup(f_id, &frame) < 0)
		return NULL;
	int table = frame_find_place(frame.len, &va);
	if (table < 0 || frame_map(table, f_id, (void *)va, F_MAP_PAGE | rights) < 0)
		return NULL;
	return (void *)va;
}

bool space_sees(const struct frame *frame)
{
	int l1 = vspace_id();
	struct frame table;

	return frame_is_viewed(frame) && frame_lookup(frame->v_id, &table) == 0
	       && (table.f_id == l1 || table.t_id == l1);
}

int space_take_table(unsigned type, unsigned len)
{
	int table = frame_take(len, type == F_TABLE_L1 ? L1_SIZE : PAGE_SIZE);

	if (table < 0)
		return table;
	if (space_see(table, SEEN) == NULL)
		return E_ENTRY_IN_USE;
	int result = frame_table(table, type);
	if (result < 0)
		frame_unmap(table, F_MAP_PAGE);
	return result < 0 ? result : table;
}

int space_free_table(int table)
{
	int result = frame_table(table, F_TABLE_NO);

	if (result == 0)
		result = frame_unmap(table, F_MAP_PAGE);
	return result == E_NOT_MAPPED ? 0 : result;
}

unsigned space_find_span(const unsigned *l1, unsigned len)
{
	unsigned run = 0;

	for (unsigned i = 1; i < KERNEL_VA / MIB; i++) {
		run = l1[i] == 0 ? run + 1 : 0;
		if (run == len / MIB)
			return (i + 1 - run) * MIB;
	}
	return 0;
}

int space_begin(struct space *space)
{
	space->count = 0;
	space->l1 = space_take_table(F_TABLE_L1, L1_SIZE);
	return space->l1 < 0 ? space->l1 : 0;
}

/* The space's L2 for va, made if it is not there yet. */
static int table_for(struct space *space, unsigned va)
{
	unsigned start = va & ~(L2_SPAN - 1);
	struct frame frame;

	for (unsigned i = 0; i < space->count; i++)
		if (frame_lookup(space->tables[i], &frame) == 0 && frame.t_va == start)
			return frame.f_id;
	if (space->count == sizeof space->tables / sizeof space->tables[0])
		return E_OUT_OF_RANGE;
	int table = space_take_table(F_TABLE_L2, PAGE_SIZE);
	if (table < 0)
		return table;
	int result = frame_map(space->l1, table, (void *)start, F_MAP_TABLE_L2);
	if (result < 0) {
		space_free_table(table);
		return result;
	}
	space->tables[space->count++] = table;
	return table;
}

int space_map(struct space *space, int f_id, unsigned va, unsigned rights)
{
	unsigned room = L2_SPAN - va % L2_SPAN;
	struct frame frame;
	int result = frame_lookup(f_id, &frame);

	if (result == 0 && frame.len > room) {
		int upper = frame_split(f_id, room);
		result = upper < 0 ? upper : space_map(space, upper, va + room, rights);
	}
	if (result < 0)
		return result;
	int table = table_for(space, va);
	return table < 0 ? table : frame_map(table, f_id, (void *)va, F_MAP_PAGE | rights);
}

int space_finish(struct space *space)
{
	int home = table_for(space, SPACE_AREA);
	char *va = (char *)SPACE_AREA;
	int result = home < 0 ? home : frame_map(home, space->l1, va, F_MAP_PAGE | SEEN);

	va += L1_SIZE;
	for (unsigned i = 0; i < space->count && result == 0; i++) {
		if (space->tables[i] == home)
			continue;
		result = frame_map(home, space->tables[i], va, F_MAP_PAGE | SEEN);
		va += PAGE_SIZE;
	}
	/* Once home is seen only from inside, nothing more can be mapped in it from here. */
	return result < 0 ? result : frame_map(home, home, va, F_MAP_PAGE | SEEN);
}

/* Unmap every frame that is viewed in this table. */
static void unmap_all(int table)
{
	struct frame frame;

	for (unsigned i = 0; frame_info(i, &frame) == 0; i++)
		if (frame.v_id == table)
			frame_unmap(frame.f_id, F_MAP_PAGE);
}

void space_drop(struct space *space)
{
	while (space->count > 0) {
		int table = space->tables[--space->count];
		unmap_all(table);
		frame_unmap(table, F_MAP_TABLE_L2);
		space_free_table(table);
	}
	space_free_table(space->l1);
}
