/* Addresses of our own vspace. */

#include "vm.h"

#include <stdbool.h>
#include <string.h>

#include "alloc.h"
#include "frames.h"
#include "space.h"
#include "tables.h"

#define SEEN (F_MAP_READ | F_MAP_NOEXEC)
#define READ_WRITE (F_MAP_READ | F_MAP_WRITE | F_MAP_NOEXEC)
#define MOST 512

/* An L2 of ours and what it spans; entries is where we read it. */
struct arena {
	unsigned va, span;
	int table;
	const unsigned *entries;
	bool reserved; /* vm_map leaves it alone */
};
static struct arena arenas[MOST];
static unsigned count;
static unsigned reserved_from = VM_END; /* addresses from here on are reserved */

/* The first run of so many free entries, or -1. */
static int find_free(const struct arena *arena, unsigned pages)
{
	unsigned run = 0;

	for (unsigned i = arena->va == 0; i < arena->span / PAGE_SIZE; i++) {
		run = arena->entries[i] == 0 ? run + 1 : 0;
		if (run == pages)
			return (int)(i + 1 - pages);
	}
	return -1;
}

/* Tables that hang in our vspace already, if we see them, count as well as those we make. */
static struct arena *arena_over(unsigned va)
{
	struct frame table;

	for (unsigned i = 0; i < count; i++)
		if (va - arenas[i].va < arenas[i].span)
			return &arenas[i];
	for (unsigned i = 0; frame_info(i, &table) == 0; i++) {
		unsigned span = table.len / PAGE_SIZE * L2_SPAN;
		if (!frame_is_table(&table, F_TABLE_L2))
			continue;
		if (table.t_id != vspace_id() || va - table.t_va >= span || !frame_is_viewed(&table))
			continue;
		if (count == MOST)
			return NULL;
		arenas[count] = (struct arena){table.t_va, span, table.f_id, (const unsigned *)table.v_va, true};
		return &arenas[count++];
	}
	return NULL;
}

/* See a frame through some arena; the tables of the boot have room when there is none yet. */
static void *see(int f_id, unsigned len)
{
	for (unsigned i = 0; i < count; i++) {
		int at = find_free(&arenas[i], len / PAGE_SIZE);
		void *va = (void *)(arenas[i].va + (unsigned)at * PAGE_SIZE);
		if (at >= 0 && !arenas[i].reserved
		    && frame_map(arenas[i].table, f_id, va, F_MAP_PAGE | SEEN) == 0)
			return va;
	}
	return space_see(f_id, SEEN);
}

/* A new L2 at va, of whole pages, each spanning 4 MiB. */
static struct arena *make_arena(unsigned va, unsigned span, bool reserved)
{
	unsigned len = span / L2_SPAN * PAGE_SIZE;
	int table = count == MOST ? E_OUT_OF_RANGE : alloc_frame(len, PAGE_SIZE);
	void *seen = table < 0 ? NULL : see(table, len);

	if (seen == NULL || frame_table(table, F_TABLE_L2) < 0
	    || frame_map(vspace_id(), table, (void *)va, F_MAP_TABLE_L2) < 0) {
		if (table >= 0) {
			space_free_table(table);
			frame_unmap(table, F_MAP_PAGE);
			alloc_free(table);
		}
		return NULL;
	}
	arenas[count] = (struct arena){va, span, table, seen, reserved};
	return &arenas[count++];
}

/* Addresses that no table spans yet, in our part. */
static unsigned find_span(unsigned span)
{
	const unsigned *l1 = own_l1();
	unsigned run = 0;

	for (unsigned va = VM_START; l1 != NULL && va < reserved_from; va += L2_SPAN) {
		bool empty = true;
		for (unsigned i = 0; i < L2_SPAN / MIB; i++)
			empty = empty && l1[va / MIB + i] == 0;
		run = empty ? run + L2_SPAN : 0;
		if (run == span)
			return va + L2_SPAN - span;
	}
	return 0;
}

static struct arena *arena_for(unsigned len, unsigned *va)
{
	unsigned span = (len + L2_SPAN - 1) & ~(L2_SPAN - 1);

	for (unsigned i = 0; i < count; i++) {
		int at = arenas[i].reserved ? -1 : find_free(&arenas[i], len / PAGE_SIZE);
		if (at >= 0) {
			*va = arenas[i].va + (unsigned)at * PAGE_SIZE;
			return &arenas[i];
		}
	}
	*va = find_span(span);
	return *va == 0 ? NULL : make_arena(*va, span, false);
}

void *vm_map(int f_id, unsigned rights)
{
	struct frame frame;
	unsigned va;

	if (frame_lookup(f_id, &frame) < 0)
		return NULL;
	struct arena *arena = arena_for(frame.len, &va);
	if (arena == NULL || frame_map(arena->table, f_id, (void *)va, F_MAP_PAGE | rights) < 0)
		return NULL;
	return (void *)va;
}

int vm_map_at(int f_id, void *at, unsigned rights)
{
	unsigned va = (unsigned)at;
	struct arena *arena = arena_over(va);
	struct frame frame;
	int result = frame_lookup(f_id, &frame);

	if (result < 0)
		return result;
	if (arena == NULL)
		arena = make_arena(va & ~(L2_SPAN - 1), L2_SPAN, true);
	if (arena == NULL)
		return E_ENTRY_IN_USE;
	unsigned room = arena->va + arena->span - va;
	if (frame.len > room) {
		int upper = frame_split(f_id, room);
		result = upper < 0 ? upper : vm_map_at(upper, (char *)at + room, rights);
	}
	return result < 0 ? result : frame_map(arena->table, f_id, at, F_MAP_PAGE | rights);
}

void *vm_new(unsigned len, int *f_id)
{
	int taken = alloc_frame(len, PAGE_SIZE);
	void *va = taken < 0 ? NULL : vm_map(taken, READ_WRITE);

	if (taken >= 0 && va == NULL)
		alloc_free(taken);
	if (va != NULL)
		memset(va, 0, len);
	if (f_id != NULL)
		*f_id = taken;
	return va;
}

int vm_unmap(void *va)
{
	struct arena *arena = arena_over((unsigned)va);
	struct frame frame;

	if (arena == NULL)
		return E_NOT_MAPPED;
	unsigned word = arena->entries[((unsigned)va - arena->va) / PAGE_SIZE];
	if (word == 0 || !frame_at(l2_entry(word).pa, &frame) || frame.v_va != (unsigned)va)
		return E_NOT_MAPPED;
	int result = frame_unmap(frame.f_id, F_MAP_PAGE);
	return result < 0 ? result : frame.f_id;
}

int vm_free(void *va)
{
	int f_id = vm_unmap(va);

	return f_id < 0 ? f_id : alloc_free(f_id);
}

unsigned vm_reserve(unsigned len)
{
	unsigned span = (len + L2_SPAN - 1) & ~(L2_SPAN - 1);

	if (span > reserved_from - VM_START)
		return 0;
	reserved_from -= span;
	return reserved_from;
}
