"""Exclusive stores: what they store, from the instruction and its registers.

Unicorn executes each as a load, a comparison and a store, whether it succeeds or not, and its hooks
tell of all three.  What the instruction would store is computed before it executes; its status
register says afterwards whether it did.  These instructions are recognised by their bits, because
capstone is too slow for looking for them while a program runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WORD = 0xFFFFFFFF


class Store(NamedTuple):
    """A store that may happen.  status: the register that is 0 if it did."""

    va: int
    size: int
    value: int
    status: int


class Form(NamedTuple):
    """The exclusive stores of one size in one encoding: ``word & mask == bits``.

    size: in bytes.  status, first, second: the lowest bit of each register's number; second is
    None where it is the register after the first.  offset: the bits of the number of words that is
    added to the base.
    """

    mask: int
    bits: int
    size: int
    status: int
    first: int
    second: int | None = None
    offset: int = 0


_A32 = (
    Form(0x0FF00FF0, 0x01800F90, 4, status=12, first=0),  # strex
    Form(0x0FF00FF0, 0x01A00F90, 8, status=12, first=0),  # strexd
    Form(0x0FF00FF0, 0x01C00F90, 1, status=12, first=0),  # strexb
    Form(0x0FF00FF0, 0x01E00F90, 2, status=12, first=0),  # strexh
)
"""Arm ARM DDI 0406C, A5.2.10."""

_T32 = (
    Form(0xFFF00000, 0xE8400000, 4, status=8, first=12, offset=0xFF),  # strex
    Form(0xFFF000F0, 0xE8C00040, 1, status=0, first=12),  # strexb
    Form(0xFFF000F0, 0xE8C00050, 2, status=0, first=12),  # strexh
    Form(0xFFF000F0, 0xE8C00070, 8, status=0, first=12, second=8),  # strexd
)
"""Arm ARM DDI 0406C, A6.3.6."""


def exclusive_store(word: int, thumb: bool, registers: Sequence[int]) -> Store | None:
    """What the instruction would store, or None if it is no exclusive store.

    word: a Thumb instruction's first halfword in the upper half.  registers: before it executes.
    """
    for form in _T32 if thumb else _A32:
        if word & form.mask == form.bits:
            va = registers[word >> 16 & 0xF] + (word & form.offset) * 4 & WORD
            return Store(va, form.size, _value(form, word, registers), word >> form.status & 0xF)
    return None


def store_size(word: int, thumb: bool) -> int | None:
    """How many bytes an exclusive store stores; None if the instruction is none."""
    for form in _T32 if thumb else _A32:
        if word & form.mask == form.bits:
            return form.size
    return None


def _value(form: Form, word: int, registers: Sequence[int]) -> int:
    first = word >> form.first & 0xF
    if form.size == 8:
        second = first + 1 if form.second is None else word >> form.second & 0xF
        return registers[second] << 32 | registers[first]
    return registers[first] & (1 << form.size * 8) - 1
