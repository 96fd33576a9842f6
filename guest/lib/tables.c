/* Reading one's own translation tables. */

#include "tables.h"

#include <stddef.h>

#include "frames.h"
#include "kernel.h"

#define BITS(word, high, low) ((word) >> (low) & ((2u << ((high) - (low))) - 1))

/* Table B3-8: what AP[2:0] lets user code do. */
static unsigned user_flags(unsigned ap, bool xn)
{
	unsigned flags = 0;

	if (ap == 2 || ap == 6 || ap == 7)
		flags = F_MAP_READ;
	else if (ap == 3)
		flags = F_MAP_READ | F_MAP_WRITE;
	return flags != 0 && xn ? flags | F_MAP_NOEXEC : flags;
}

struct entry l1_entry(unsigned word)
{
	unsigned ap = BITS(word, 15, 15) << 2 | BITS(word, 11, 10);
	unsigned flags = user_flags(ap, BITS(word, 4, 4));

	switch (BITS(word, 1, 0)) {
	case 0:
		return (struct entry){.kind = ENTRY_FAULT, .size = MIB};
	case 1:
		return (struct entry){ENTRY_COARSE, word & 0xfffffc00, MIB, 0};
	default:
		if (BITS(word, 18, 18))
			return (struct entry){ENTRY_SUPERSECTION, word & 0xff000000, 16 * MIB, flags};
		return (struct entry){ENTRY_SECTION, word & 0xfff00000, MIB, flags};
	}
}

struct entry l2_entry(unsigned word)
{
	unsigned ap = BITS(word, 9, 9) << 2 | BITS(word, 5, 4);

	switch (BITS(word, 1, 0)) {
	case 0:
		return (struct entry){.kind = ENTRY_FAULT, .size = PAGE_SIZE};
	case 1:
		return (struct entry){ENTRY_LARGE_PAGE, word & 0xffff0000, 16 * PAGE_SIZE,
		                      user_flags(ap, BITS(word, 15, 15))};
	default:
		return (struct entry){ENTRY_SMALL_PAGE, word & 0xfffff000, PAGE_SIZE,
		                      user_flags(ap, BITS(word, 0, 0))};
	}
}

int find_empty(const unsigned *entries, unsigned start, unsigned end, unsigned count)
{
	unsigned run = 0;

	for (unsigned i = start; i < end; i++) {
		run = entries[i] == 0 ? run + 1 : 0;
		if (run == count)
			return (int)(i + 1 - count);
	}
	return -1;
}

const unsigned *own_l1(void)
{
	struct frame l1;

	if (frame_lookup(vspace_id(), &l1) != 0 || !frame_is_viewed(&l1))
		return NULL;
	return (const unsigned *)l1.v_va;
}

bool find_entry(unsigned va, struct entry *entry)
{
	const unsigned *l1 = own_l1();

	if (l1 == NULL)
		return false;
	*entry = l1_entry(l1[va / MIB]);
	if (entry->kind == ENTRY_COARSE) {
		const unsigned *l2 = frame_view(entry->pa);
		if (l2 == NULL)
			return false;
		*entry = l2_entry(l2[va % MIB / PAGE_SIZE]);
	}
	return entry->kind != ENTRY_FAULT;
}

/* Whether the entry at va goes on where the run ends. */
static bool continues(const struct run *run, unsigned va, const struct entry *entry, unsigned pa)
{
	return va == run->va + run->len && pa == run->pa + run->len && entry->flags == run->flags
	       && entry->kind == run->kind;
}

/* Add the entry at va to the run, or begin the run with it.  False where the run is over. */
static bool extend(struct run *run, unsigned va, const struct entry *entry)
{
	/* Large pages and supersections are 16 entries alike: each stands for its own sixteenth. */
	unsigned unit = entry->kind == ENTRY_SUPERSECTION ? MIB
	              : entry->kind == ENTRY_LARGE_PAGE   ? PAGE_SIZE
	                                                  : entry->size;
	unsigned pa = entry->pa + (va & (entry->size - 1));

	if (entry->flags == 0)
		return run->len == 0;
	if (run->len == 0)
		*run = (struct run){va, 0, pa, entry->flags, entry->kind};
	else if (!continues(run, va, entry, pa))
		return false;
	run->len += unit;
	return true;
}

/* Go through the entries of one coarse table from va on.  False where the run is over. */
static bool extend_through(struct run *run, unsigned va, unsigned table)
{
	const unsigned *l2 = frame_view(table);

	if (l2 == NULL)
		return run->len == 0;
	for (unsigned i = va % MIB / PAGE_SIZE; i < MIB / PAGE_SIZE; i++) {
		struct entry entry = l2_entry(l2[i]);
		if (!extend(run, (va & ~(MIB - 1)) + i * PAGE_SIZE, &entry))
			return false;
	}
	return true;
}

bool find_run(unsigned va, struct run *run)
{
	const unsigned *l1 = own_l1();

	run->len = 0;
	for (unsigned i = va / MIB; l1 != NULL && i < 4096; i++) {
		struct entry entry = l1_entry(l1[i]);
		unsigned start = i == va / MIB ? va : i * MIB;
		bool more = entry.kind == ENTRY_COARSE ? extend_through(run, start, entry.pa)
		                                       : extend(run, start, &entry);
		if (!more)
			break;
	}
	return run->len > 0;
}
