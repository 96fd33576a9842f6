"""Exclusive stores: what they store, from the instruction and its registers.

Unicorn makes of each a load, a comparison and a store, whatever comes of it, and its hooks tell of
all three.  What the instruction is to do shows before it executes, and behind it whether it did.
Source: Arm ARM DDI 0406C, A5.2.10 and A6.3.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WORD = 0xFFFFFFFF
_SIZES = (4, 8, 1, 2)
"""By bits [22:21] of STREX, STREXD, STREXB, STREXH."""


class Store(NamedTuple):
    """A store that may happen.  status: the register that is 0 if it did."""

    va: int
    size: int
    value: int
    status: int


def exclusive_store(word: int, thumb: bool, registers: Sequence[int]) -> Store | None:
    """What the instruction would store, or None if it is another.

    word: a Thumb instruction's first halfword in the upper half.  registers: before it executes.
    """
    return (_t32 if thumb else _a32)(word, registers)


def _a32(word: int, registers: Sequence[int]) -> Store | None:
    base, first = registers[word >> 16 & 0xF], word & 0xF
    if word & 0x0F900FF0 == 0x01800F90:
        size = _SIZES[word >> 21 & 3]
        return Store(base, size, _value(registers, first, first + 1, size), word >> 12 & 0xF)
    return None


def _t32(word: int, registers: Sequence[int]) -> Store | None:
    base, first = registers[word >> 16 & 0xF], word >> 12 & 0xF
    if word & 0xFFF00000 == 0xE8400000:
        va = base + (word & 0xFF) * 4 & WORD
        return Store(va, 4, registers[first], word >> 8 & 0xF)
    if word & 0xFFF000C0 == 0xE8C00040 and word >> 4 & 3 != 2:
        size = (1, 2, 4, 8)[word >> 4 & 3]
        return Store(base, size, _value(registers, first, word >> 8 & 0xF, size), word & 0xF)
    return None


def _value(registers: Sequence[int], first: int, second: int, size: int) -> int:
    if size == 8:
        return registers[second] << 32 | registers[first]
    return registers[first] & (1 << size * 8) - 1
