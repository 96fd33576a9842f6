/* Reading one's own translation tables: Armv7-A short descriptors (Arm ARM DDI 0406C, B3.5.1). */
#ifndef TABLES_H
#define TABLES_H

#include <stdbool.h>

enum entry_kind {
	ENTRY_FAULT,
	ENTRY_COARSE,
	ENTRY_SECTION,
	ENTRY_SUPERSECTION,
	ENTRY_LARGE_PAGE,
	ENTRY_SMALL_PAGE,
};

/* What an entry says.  pa: of the memory or, for ENTRY_COARSE, of the L2 table.
 * flags: what user code may do, in the flags of frame_map; 0 is nothing. */
struct entry {
	enum entry_kind kind;
	unsigned pa, size, flags;
};

struct entry l1_entry(unsigned word);
struct entry l2_entry(unsigned word);

/* The first run of so many empty entries in [start, end), as an index, or -1. */
int find_empty(const unsigned *entries, unsigned start, unsigned end, unsigned count);

/* The L1 we run on, as we see it: 4096 words, or NULL if it has no view. */
const unsigned *own_l1(void);

/* The entry that translates va.  False where there is none or we cannot see its table. */
bool find_entry(unsigned va, struct entry *entry);

/* A run of addresses that are mapped alike, to physical addresses in a row. */
struct run {
	unsigned va, len, pa, flags;
	enum entry_kind kind;
};

/* The first run at or above va that user code may use.  False if there is none. */
bool find_run(unsigned va, struct run *run);

#endif
