"""The address an exclusive load or store, or a swap, accesses: from the instruction itself.

These are the accesses that Unicorn checks for alignment, and whose stores no memory hook sees.
"""

from __future__ import annotations

from typing import NamedTuple

from emu.cpu.engine import Engine
from emu.mmu.instruction import instruction_at
from emu.mmu.pages import Spaces
from kernel_model.descriptors import READ, WRITE


class Form(NamedTuple):
    """An encoding: ``word & mask == bits``.  Rn is in bits [19:16] of all of them."""

    mask: int
    bits: int
    access: int
    scaled_offset: bool = False


# Arm ARM DDI 0406C, A5.2.10 (synchronization primitives).
_A32 = (
    Form(0x0F900FF0, 0x01900F90, READ),  #  LDREX, LDREXD, LDREXB, LDREXH
    Form(0x0F900FF0, 0x01800F90, WRITE),  # STREX, STREXD, STREXB, STREXH
    Form(0x0FB00FF0, 0x01000090, WRITE),  # SWP, SWPB
)

# A6.3.6, first halfword in the upper half.
_T32 = (
    Form(0xFFF00F00, 0xE8500F00, READ, scaled_offset=True),  # LDREX
    Form(0xFFF00000, 0xE8400000, WRITE, scaled_offset=True),  # STREX
    Form(0xFFF00FC0, 0xE8D00F40, READ),  #  LDREXB, LDREXH, LDREXD
    Form(0xFFF000C0, 0xE8C00040, WRITE),  # STREXB, STREXH, STREXD
)


def exclusive_access(engine: Engine, spaces: Spaces) -> tuple[int, int] | None:
    """(va, access) of the exclusive instruction at the PC, or None if it is another."""
    word = instruction_at(engine.pc, engine.thumb, spaces)
    for form in _T32 if engine.thumb else _A32:
        if word & form.mask == form.bits:
            base = engine.core_registers()[word >> 16 & 0xF]
            offset = (word & 0xFF) * 4 if form.scaled_offset else 0
            return (base + offset) & 0xFFFFFFFF, form.access
    return None
