"""Undoing what Unicorn does too early: LDRD loads its first register before its second access.

Where that register is also the base, a fault at the second word leaves the base overwritten, so
that the instruction cannot be run again.  A processor restores it (Arm ARM DDI 0406C, B1.9.8).
"""

from __future__ import annotations

from typing import NamedTuple

from emu.cpu.engine import Engine
from emu.mmu.backend import PAGE_MASK
from emu.mmu.instruction import instruction_at
from emu.mmu.pages import Spaces


class _Load(NamedTuple):
    """An LDRD that overwrites its base: the base's number, and what is added to it."""

    base: int
    offset: int


def repair_base(engine: Engine, spaces: Spaces, page_va: int) -> None:
    """Give the LDRD at the PC, which could not read this page, its base register back."""
    load = _overlapping_load(engine, spaces)
    if load is None:
        return
    value = engine.core_registers()[load.base]
    if (value + load.offset) & PAGE_MASK == page_va:
        return  # it was the first word that could not be read
    for address in range(page_va - 4, page_va - 8, -1):  # aligned first; the second word is next
        if _word(address, spaces) == value:
            engine.write(f"r{load.base}", (address - load.offset) & 0xFFFFFFFF)
            return


def _overlapping_load(engine: Engine, spaces: Spaces) -> _Load | None:
    word = instruction_at(engine.pc, engine.thumb, spaces)
    if engine.thumb:
        return _decode_t32(word)
    registers = engine.core_registers()
    return _decode_a32(word, registers[word & 0xF])


def _decode_t32(word: int) -> _Load | None:
    """LDRD (immediate), P = 1, W = 0 (A8.8.72, T1)."""
    base, first = word >> 16 & 0xF, word >> 12 & 0xF
    if word & 0xFF700000 != 0xE9500000 or base != first:
        return None
    return _Load(base, _signed((word & 0xFF) * 4, word))


def _decode_a32(word: int, index: int) -> _Load | None:
    """LDRD (immediate) and (register), P = 1, W = 0 (A8.8.72, A8.8.74, A1)."""
    base, first = word >> 16 & 0xF, word >> 12 & 0xF
    if word & 0x0F3000F0 != 0x010000D0 or base != first:
        return None
    immediate = word >> 4 & 0xF0 | word & 0xF
    return _Load(base, _signed(immediate if word >> 22 & 1 else index, word))


def _signed(offset: int, word: int) -> int:
    """The offset, subtracted unless U (bit 23) is set."""
    return offset if word >> 23 & 1 else -offset


def _word(va: int, spaces: Spaces) -> int | None:
    """The four bytes at ``va``, which user mode could read a moment ago."""
    found = [spaces.physical(va + at) for at in range(4)]
    if not all(spaces.ram.contains(pa) for pa in found):
        return None
    return int.from_bytes(b"".join(spaces.ram.read(pa, 1) for pa in found), "little")
