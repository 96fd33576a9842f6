"""Why an access or a jump to an address that is not aligned was refused."""

from __future__ import annotations

from typing import Final

from emu.arm.addressing import base_of, base_register
from emu.arm.alignment import unit_of, wanted_by
from emu.arm.disassembly import Instruction, disassemble
from emu.arm.encoding import encoding
from emu.cpu.lengths import thumb_length
from emu.cpu.registers import CORE, CPSR, THUMB_BIT
from emu.machine.fault import MachineFault
from emu.report.context import Context
from kernel_model.descriptors import EXEC, Leaf

ON_A_BOARD: Final = "a board faults here, too, whatever SCTLR.A says"


def why_misaligned(context: Context, fault: MachineFault) -> tuple[str, str]:
    """The name of the mistake, and the fact that explains it."""
    if fault.access == EXEC:
        return (
            "jump to a misaligned address",
            "Arm code is at multiples of 4, and Thumb code is entered with bit 0 set",
        )
    code, thumb = _code(context, fault)
    word = _word(code, thumb)
    unit = 1 << wanted_by(word, thumb).bits
    if unit == 1 and _is_device(fault) and fault.va % unit_of(word, thumb):
        unit = unit_of(word, thumb)
        return "misaligned access", f"device memory wants a multiple of {unit}: {ON_A_BOARD}"
    instruction = next(disassemble(code, fault.pc, thumb), None)
    if unit == 1 or instruction is None:  # an exclusive load, or SWP
        return "misaligned access", f"it must be aligned to its size: {ON_A_BOARD}"
    why = f"{instruction.mnemonic} wants a multiple of {unit}{_unnamed_base(instruction, fault)}"
    return "misaligned access", f"{why}: {ON_A_BOARD}"


def _unnamed_base(instruction: Instruction, fault: MachineFault) -> str:
    """The base register, where the instruction's text does not name it: push, pop."""
    base = base_of(instruction)
    if base is None or base_register(instruction) is not None:
        return ""
    return f", and {CORE[base]} is {fault.registers[base]:#x}"


def _code(context: Context, fault: MachineFault) -> tuple[bytes, bool]:
    """The instruction at the PC, and whether it is Thumb code."""
    thumb = bool(fault.registers[CPSR] & THUMB_BIT)
    first = context.read(fault.pc, 2) or b""
    if thumb and thumb_length(int.from_bytes(first, "little")) == 2:
        return first, thumb
    return context.read(fault.pc, 4) or b"", thumb


def _word(code: bytes, thumb: bool) -> int:
    word = int.from_bytes(code, "little")
    return encoding(word, thumb) if len(code) == 4 else word


def _is_device(fault: MachineFault) -> bool:
    """Whether memory of a type is there that wants all accesses aligned."""
    entry = fault.walk.steps[-1].entry if fault.walk is not None else None
    return isinstance(entry, Leaf) and entry.memory.name in ("device", "strongly-ordered")
