/* Which accesses must be aligned.  The twin: emu/arm/alignment.py. */

#include "alignment.h"

static const Wanted NOTHING = {0, -1, false, false};
static const Wanted WORDS = {2, -1, true, false};

static Wanted first_access(int bits)
{
    return (Wanted){bits, -1, false, false};
}

static Wanted exclusive_store(int bits)
{
    return (Wanted){bits, -1, false, true};
}

/* VLD1-VLD4 and VST1-VST4 of whole registers (A8.8.320 on): align is in bits 5-4. */
static Wanted of_registers(uint32_t word)
{
    uint32_t align = word >> 4 & 3;
    return (Wanted){align ? (int)align + 2 : 0, (int)(word >> 6 & 3), false, false};
}

/* The same to all lanes: a is bit 4, size is in bits 7-6. */
static Wanted of_all_lanes(uint32_t word)
{
    uint32_t size = word >> 6 & 3, registers = (word >> 8 & 3) + 1;
    if (!(word >> 4 & 1) || registers == 3)
        return NOTHING;
    if (registers == 4)
        return first_access(size == 3 ? 4 : size == 2 ? 3 : (int)size + 2);
    return first_access((int)size + (registers == 2));
}

/* The same with one lane: index_align is in bits 7-4, size in bits 11-10. */
static Wanted of_one_lane(uint32_t word)
{
    uint32_t size = word >> 10 & 3, align = word >> 4 & 15;
    switch (word >> 8 & 3) {
    case 0:
        return first_access(size == 1 ? (int)(align & 1) : size == 2 && align & 3 ? 2 : 0);
    case 1:
        return first_access(align & 1 ? (int)size + 1 : 0);
    case 2:
        return NOTHING;
    default:
        if (size == 2)
            return first_access(align & 3 ? (int)(align & 3) + 2 : 0);
        return first_access(align & 1 ? (int)size + 2 : 0);
    }
}

/* A7.7: the same fields in both encodings. */
static Wanted of_elements(uint32_t word)
{
    if (!(word >> 23 & 1))
        return of_registers(word);
    return (word >> 10 & 3) == 3 ? of_all_lanes(word) : of_one_lane(word);
}

/* A7.6: VLDR, VSTR, VLDM, VSTM, VPUSH, VPOP; not the transfers to two core registers. */
static bool is_of_extension_registers(uint32_t word)
{
    return (word & 0x0E000E00) == 0x0C000A00 && (word & 0x0FE00000) != 0x0C400000;
}

static Wanted in_arm(uint32_t word)
{
    if (word >> 28 == 15)
        return (word & 0x0F100000) == 0x04000000 ? of_elements(word) : NOTHING;
    if ((word & 0x0E000000) == 0x08000000) /* LDM, STM */
        return WORDS;
    if ((word & 0x0E1000D0) == 0x000000D0) /* LDRD, STRD */
        return WORDS;
    if ((word & 0x0F900FF0) == 0x01800F90) /* STREX and its kin */
        switch (word >> 21 & 3) {
        case 0:
            return exclusive_store(2);
        case 1:
            return exclusive_store(3);
        case 3:
            return exclusive_store(1);
        }
    return is_of_extension_registers(word) ? WORDS : NOTHING;
}

static Wanted in_thumb_32(uint32_t word)
{
    if ((word & 0xFE400000) == 0xE8000000) /* LDM, STM */
        return WORDS;
    if ((word & 0xFE400000) == 0xE8400000 && (word & 0x01200000)) /* LDRD, STRD */
        return WORDS;
    if ((word & 0xFFF00000) == 0xE8400000) /* STREX */
        return exclusive_store(2);
    if ((word & 0xFFF000F0) == 0xE8C00050) /* STREXH */
        return exclusive_store(1);
    if ((word & 0xFFF000F0) == 0xE8C00070) /* STREXD */
        return exclusive_store(3);
    if ((word & 0xFF100000) == 0xF9000000)
        return of_elements(word);
    return (word >> 28) == 14 && is_of_extension_registers(word) ? WORDS : NOTHING;
}

static Wanted in_thumb_16(uint32_t half)
{
    bool on_stack = (half & 0xF600) == 0xB400; /* PUSH, POP */
    return on_stack || half >> 12 == 12 ? WORDS : NOTHING;
}

Wanted wanted_by(uint32_t word, bool thumb)
{
    if (!thumb)
        return in_arm(word);
    return word >> 16 ? in_thumb_32(word) : in_thumb_16(word);
}
