"""Which accesses Armv7-A wants aligned whatever SCTLR.A says, and where they go.

Instructions are recognised by their bits, because capstone is too slow for looking at each one
while a program runs.  Source: Arm ARM DDI 0406C, A3.2.1; encodings: A5.2.8, A5.2.10, A5.5, A6.2.4
to A6.3.6, A7.6, A7.7.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from emu.arm.exclusives import store_size
from emu.arm.registers import SP


class Wanted(NamedTuple):
    """What one instruction wants.

    bits: log2 of the alignment of its first address, 0 if it wants none.
    element: log2 of the bytes of its elements, for loads and stores of whole NEON registers without
    an alignment; else -1.  Only memory of type Device wants these aligned.
    all: whether each access of the instruction is so aligned if the first is.
    exclusive: whether it is an exclusive store.
    """

    bits: int = 0
    element: int = -1
    all: bool = False
    exclusive: bool = False


NOTHING: Final = Wanted()
_WORDS: Final = Wanted(2, all=True)


@lru_cache(maxsize=4096)
def wanted_by(word: int, thumb: bool) -> Wanted:
    """What an instruction wants.  The twin of ``emu/native/alignment.c``.

    word: a Thumb instruction's first halfword in the upper half; one of 16 bits is in the lower.
    """
    if thumb and not word >> 16:
        on_stack = word & 0xF600 == 0xB400  # PUSH, POP
        return _WORDS if on_stack or word >> 12 == 0b1100 else NOTHING
    if not thumb and word >> 28 == 0b1111:
        return _of_elements(word) if word & 0x0F100000 == 0x04000000 else NOTHING
    size = store_size(word, thumb)
    if size is not None:
        return Wanted(size.bit_length() - 1, exclusive=True) if size > 1 else NOTHING
    return _in_thumb(word) if thumb else _in_arm(word)


def _in_arm(word: int) -> Wanted:
    multiple = word & 0x0E000000 == 0x08000000
    double = word & 0x0E1000D0 == 0x000000D0
    return _WORDS if multiple or double or _is_of_extension_registers(word) else NOTHING


def _in_thumb(word: int) -> Wanted:
    if word & 0xFF100000 == 0xF9000000:
        return _of_elements(word)
    multiple = word & 0xFE400000 == 0xE8000000
    double = word & 0xFE400000 == 0xE8400000 and word & 0x01200000
    extension = word >> 28 == 0b1110 and _is_of_extension_registers(word)
    return _WORDS if multiple or double or extension else NOTHING


def _is_of_extension_registers(word: int) -> bool:
    """VLDR, VSTR, VLDM, VSTM, VPUSH, VPOP; not the transfers to two core registers."""
    return word & 0x0E000E00 == 0x0C000A00 and word & 0x0FE00000 != 0x0C400000


def _of_elements(word: int) -> Wanted:
    """VLD1 to VLD4 and VST1 to VST4, whose fields are the same in both encodings."""
    if not word >> 23 & 1:
        align = word >> 4 & 0b11
        return Wanted(align + 2 if align else 0, element=word >> 6 & 0b11)
    if word >> 10 & 0b11 == 0b11:
        return Wanted(_to_all_lanes(word))
    return Wanted(_of_one_lane(word))


def _to_all_lanes(word: int) -> int:
    size, registers = word >> 6 & 0b11, (word >> 8 & 0b11) + 1
    if not word >> 4 & 1 or registers == 3:
        return 0
    if registers == 4:
        return (2, 3, 3, 4)[size]
    return size + (registers == 2)


def _of_one_lane(word: int) -> int:
    size, registers, align = word >> 10 & 0b11, (word >> 8 & 0b11) + 1, word >> 4 & 0xF
    if registers == 3:
        return 0
    if registers == 1:
        return (0, align & 1, 2 if align & 0b11 else 0)[size]
    if registers == 4 and size == 2:
        return (align & 0b11) + 2 if align & 0b11 else 0
    return size + registers // 2 if align & 1 else 0


class Place(NamedTuple):
    """Where an instruction's first access goes: the base plus an offset and perhaps a register.

    added: the register's number.  sign: 1, or -1 if it is subtracted.
    """

    is_load: bool
    base: int
    offset: int = 0
    added: int | None = None
    sign: int = 1


@lru_cache(maxsize=4096)
def place_of(word: int, thumb: bool) -> Place:
    """Where an instruction accesses memory first of which ``wanted_by`` says that it wants
    something, or is a load or store of elements."""
    if thumb and not word >> 16:
        return _in_thumb_16(word)
    base = word >> 16 & 0xF
    wanted = wanted_by(word, thumb)
    if wanted.exclusive:
        offset = (word & 0xFF) * 4 if thumb and word & 0xFFF00000 == 0xE8400000 else 0
        return Place(False, base, offset)
    if wanted is not _WORDS:
        return Place(bool(word >> 21 & 1), base)
    is_load = bool(word >> 20 & 1)
    if word & 0x0E000000 == 0x0C000000:
        return Place(is_load, base, _start_of_extension_registers(word))
    if word & 0x0E000000 == 0x08000000 and not (thumb and word & 0x00400000):
        return Place(is_load, base, _start_of_multiple(word))
    return _place_of_thumb_double(word, base) if thumb else _place_of_arm_double(word, base)


def _in_thumb_16(half: int) -> Place:
    is_load, registers = bool(half >> 11 & 1), half & 0x1FF
    if half >> 12 == 0b1100:
        return Place(is_load, half >> 8 & 0b111)
    return Place(is_load, SP, 0 if is_load else -4 * registers.bit_count())


def _start_of_multiple(word: int) -> int:
    """LDM, STM: the registers' words lie below the base or from it on; bit 24 leaves its word."""
    before, up, count = word >> 24 & 1, word >> 23 & 1, (word & 0xFFFF).bit_count()
    if up:
        return 4 * before
    return -4 * count + (0 if before else 4)


def _start_of_extension_registers(word: int) -> int:
    """VLDR and VSTR add or subtract an offset; VLDM and VSTM subtract their size if U is 0."""
    amount, up = (word & 0xFF) * 4, word >> 23 & 1
    is_single = word >> 24 & 1 and not word >> 21 & 1
    if is_single:
        return amount if up else -amount
    return 0 if up else -amount


def _place_of_thumb_double(word: int, base: int) -> Place:
    offset = (word & 0xFF) * 4 if word >> 24 & 1 else 0
    return Place(bool(word >> 20 & 1), base, offset if word >> 23 & 1 else -offset)


def _place_of_arm_double(word: int, base: int) -> Place:
    is_load, sign = not word >> 5 & 1, 1 if word >> 23 & 1 else -1
    if not word >> 24 & 1:
        return Place(is_load, base)
    if word >> 22 & 1:
        return Place(is_load, base, sign * (word >> 4 & 0xF0 | word & 0xF))
    return Place(is_load, base, 0, word & 0xF, sign)


def unit_of(word: int, thumb: bool) -> int:
    """Bytes to which a load or store of Device memory must be aligned that wants nothing else.

    1 for other instructions, and for those of single bytes.
    """
    if thumb and not word >> 16:
        return _unit_in_thumb_16(word)
    if word & 0xFF100000 == (0xF9000000 if thumb else 0xF4000000):
        return 1 << _element_of(word)
    if thumb:
        is_single = word & 0xFE000000 == 0xF8000000
        return (1, 2, 4, 1)[word >> 21 & 0b11] if is_single else 1
    if word & 0x0C000000 == 0x04000000 and word & 0x02000010 != 0x02000010:
        return 1 if word >> 22 & 1 else 4
    is_extra = word & 0x0E000090 == 0x00000090
    is_half = word >> 5 & 0b11 == 0b01 or word & 0x00100060 == 0x00100060
    return 2 if is_extra and is_half else 1


def _element_of(word: int) -> int:
    """log2 of the bytes of an element of VLD1 to VLD4 and VST1 to VST4."""
    if word >> 23 & 1 and word >> 10 & 0b11 != 0b11:
        return word >> 10 & 0b11
    return word >> 6 & 0b11


def _unit_in_thumb_16(half: int) -> int:
    kind = half >> 12
    if kind == 0b0101:
        return (4, 2, 1, 1, 4, 2, 1, 2)[half >> 9 & 0b111]
    if kind == 0b0100:
        return 4 if half >> 11 & 1 else 1
    return {0b0110: 4, 0b1000: 2, 0b1001: 4}.get(kind, 1)


def is_thumb_load(word: int) -> bool:
    """Whether a Thumb instruction that accesses one or several elements loads them."""
    if word & 0xFF100000 == 0xF9000000:
        return bool(word >> 21 & 1)
    if word >> 16:
        return bool(word >> 20 & 1)
    return word >> 9 & 0b111 >= 0b011 if word >> 12 == 0b0101 else bool(word >> 11 & 1)
