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
CPSR: Final = 25

_NAMES: Final = registers.CORE[:-1]
_TYPES: Final = {"sp": "data_ptr", "pc": "code_ptr"}


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
        '<feature name="org.gnu.gdb.arm.neon"/></target>'
    )


def register_index(number: int) -> int:
    """The index, among all registers, of a number of the protocol.  Errors: ValueError."""
    if 0 <= number < CORE - 1:
        return number
    if CPSR <= number <= FIRST_DOUBLE + DOUBLES:
        return number - CPSR + CORE - 1
    raise ValueError(f"there is no register {number}")


def register_size(index: int) -> int:
    """The size of a register in bytes."""
    return 8 if CORE <= index < CORE + DOUBLES else 4
