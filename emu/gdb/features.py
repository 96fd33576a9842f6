"""The machine's registers and memory, as gdb's target descriptions have them.

Source: "Debugging with GDB", G.5.3 (ARM features), E.15 (memory map format).
"""

from __future__ import annotations

from typing import Final

from emu.cpu import registers
from emu.gdb.names import SYSTEM

CORE: Final = len(registers.CORE)
"""Registers in the core feature: r0 to r12, sp, lr, pc, cpsr."""
DOUBLES: Final = len(registers.VFP)
REGISTERS: Final = CORE + DOUBLES + 1
"""All registers: after the core's come d0 to d31 and fpscr."""
FIRST_DOUBLE: Final = 26
"""The protocol's number of d0.  cpsr is 25; 16 to 24 were registers of the FPA."""
FIRST_QUAD: Final = FIRST_DOUBLE + DOUBLES + 1
"""The number of q0; fpscr is between."""
CPSR: Final = 25
FPA: Final = {**dict.fromkeys(range(16, 24), 12), 24: 4}
"""Bytes of the FPA's registers, by number: no processor here has them, but gdb asks for them where
it has read no description."""

_NAMES: Final = registers.CORE[:-1]
_TYPES: Final = {"sp": "data_ptr", "pc": "code_ptr"}
_VIEWS: Final = (
    ("u8", "uint8", 16), ("u16", "uint16", 8), ("u32", "uint32", 4), ("u64", "uint64", 2),
    ("f32", "ieee_single", 4), ("f64", "ieee_double", 2),
)  # fmt: skip
"""The vectors that a quad can be seen as, with gdb's own names: field, element, count."""


def description() -> str:
    """The core registers, and VFP with NEON."""
    core = "".join(
        f'<reg name="{name}" bitsize="32" type="{_TYPES.get(name, "uint32")}"/>' for name in _NAMES
    )
    doubles = "".join(
        f'<reg name="d{number}" bitsize="64" type="ieee_double" regnum="{FIRST_DOUBLE + number}"/>'
        for number in range(DOUBLES)
    )
    return (
        '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0">'
        f"<architecture>arm</architecture><osabi>{SYSTEM}</osabi>"
        f'<feature name="org.gnu.gdb.arm.core">{core}'
        f'<reg name="cpsr" bitsize="32" regnum="{CPSR}"/></feature>'
        f'<feature name="org.gnu.gdb.arm.vfp">{doubles}'
        '<reg name="fpscr" bitsize="32" type="int" group="float"/></feature>'
        f'<feature name="org.gnu.gdb.arm.neon">{_quads()}</feature></target>'
    )


def _quads() -> str:
    """q0 to q15, which gdb from version 12 on does not make of d0 to d31 by itself.

    They are no part of the ``g`` packet, and not saved around calls from gdb: d0 to d31 are.
    """
    types = "".join(
        f'<vector id="v{count}{name}" type="{of}" count="{count}"/>' for name, of, count in _VIEWS
    )
    fields = "".join(f'<field name="{name}" type="v{count}{name}"/>' for name, _, count in _VIEWS)
    registers = "".join(
        f'<reg name="q{number}" bitsize="128" type="quad" regnum="{FIRST_QUAD + number}"'
        ' save-restore="no" group="vector"/>'
        for number in range(DOUBLES // 2)
    )
    return f'{types}<union id="quad">{fields}</union>{registers}'


def register_index(number: int) -> int:
    """The index, among all registers, of a number of the protocol.  Errors: ValueError."""
    if 0 <= number < CORE - 1:
        return number
    if CPSR <= number <= FIRST_DOUBLE + DOUBLES:
        return number - CPSR + CORE - 1
    raise ValueError(f"there is no register {number}")


def parts(number: int) -> tuple[int, ...]:
    """The indices of what a number of the protocol stands for: of two doubles for q0 to q15.

    Errors: ValueError.
    """
    if FIRST_QUAD <= number < FIRST_QUAD + DOUBLES // 2:
        first = CORE + 2 * (number - FIRST_QUAD)
        return first, first + 1
    return (register_index(number),)


def register_size(index: int) -> int:
    """The size of a register in bytes."""
    return 8 if CORE <= index < CORE + DOUBLES else 4
