/* Which accesses Armv7-A wants aligned whatever SCTLR.A says: Arm ARM DDI 0406C, A3.2.1. */

#ifndef EMU_ALIGNMENT_H
#define EMU_ALIGNMENT_H

#include <stdbool.h>
#include <stdint.h>

/* What one instruction wants.  bits: log2 of the alignment of its first address, 0: none.
 * all: whether each of its accesses may be held to that, and not only the first.
 * element: log2 of the bytes of an element, where Unicorn joins several in one access; else -1.
 * exclusive: whether it is an exclusive store, which Unicorn checks only if it would be made. */
typedef struct {
    int bits, element;
    bool all, exclusive;
} Wanted;

/* word: a Thumb instruction's first halfword in the upper half; one of 16 bits is in the lower. */
Wanted wanted_by(uint32_t word, bool thumb);

#endif
