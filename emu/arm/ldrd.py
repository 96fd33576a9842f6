"""LDRD whose first register is also its base: the load that Unicorn cannot run again.

Source: Arm ARM DDI 0406C, A8.8.72 (immediate), A8.8.74 (register).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class OverlappingLoad(NamedTuple):
    """An LDRD that overwrites its base: the base's number, and what is added to it."""

    base: int
    offset: int


def overlapping_load(word: int, thumb: bool, registers: Sequence[int]) -> OverlappingLoad | None:
    """The instruction as such a load, without writeback; None if it is none.

    word: a Thumb instruction's first halfword in the upper half.
    """
    return _decode_t32(word) if thumb else _decode_a32(word, registers[word & 0xF])


def _decode_t32(word: int) -> OverlappingLoad | None:
    """T1, P = 1, W = 0."""
    base, first = word >> 16 & 0xF, word >> 12 & 0xF
    if word & 0xFF700000 != 0xE9500000 or base != first:
        return None
    return OverlappingLoad(base, _signed((word & 0xFF) * 4, word))


def _decode_a32(word: int, index: int) -> OverlappingLoad | None:
    """A1, P = 1, W = 0."""
    base, first = word >> 16 & 0xF, word >> 12 & 0xF
    if word & 0x0F3000F0 != 0x010000D0 or base != first:
        return None
    immediate = word >> 4 & 0xF0 | word & 0xF
    return OverlappingLoad(base, _signed(immediate if word >> 22 & 1 else index, word))


def _signed(offset: int, word: int) -> int:
    """The offset, subtracted unless U (bit 23) is set."""
    return offset if word >> 23 & 1 else -offset
