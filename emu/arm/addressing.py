"""Addresses that loads and stores compute from their registers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from capstone import arm

from emu.arm.decoder import CORE, decode
from emu.arm.disassembly import Instruction
from emu.arm.registers import PC
from emu.arm.transfers import has_named_base, transfer_of

WORD = 0xFFFFFFFF
_CPSR = 16


def base_register(instruction: Instruction) -> int | None:
    """The register that a load or store computes its address from, if its text names it."""
    if not instruction.is_code:
        return None
    found = decode(instruction.data, instruction.va, instruction.thumb)
    return base_of(instruction) if found is not None and has_named_base(found) else None


def base_of(instruction: Instruction) -> int | None:
    """The register that a load or store computes its address from; None for other code."""
    found = decode(instruction.data, instruction.va, instruction.thumb)
    transfer = None if found is None else transfer_of(found)
    return None if transfer is None else transfer.base


def address_of(code: bytes, va: int, thumb: bool, registers: Sequence[int]) -> int | None:
    """The first address (va) that the load or store in ``code``, which is at ``va``, transfers.

    registers: r0 to r15 and CPSR, before it executes.  None where the instruction is not known.
    """
    found = decode(code, va, thumb)
    transfer = None if found is None else transfer_of(found)
    if transfer is None:
        return None
    values = [*registers[:PC], _pc(va, thumb)]
    start = transfer.start
    if start is None:
        start = _index(found, values, registers[_CPSR] >> 29 & 1)
    return values[transfer.base] + start & WORD


def _pc(va: int, thumb: bool) -> int:
    """The PC as the base of an address: Arm ARM DDI 0406C, A5.1.2."""
    return va + (4 if thumb else 8) & ~3


def _index(instruction: Any, values: Sequence[int], carry: int) -> int:
    """What a register adds to an address."""
    operand = next(one for one in instruction.operands if one.type == arm.ARM_OP_MEM)
    value, shift = values[CORE[operand.mem.index]], operand.shift
    index = _shifted(value, shift.type, shift.value, carry)
    return -index if operand.subtracted or operand.mem.scale < 0 else index


def _shifted(value: int, kind: int, amount: int, carry: int) -> int:
    """Arm ARM DDI 0406C, A8.4.3."""
    if kind == arm.ARM_SFT_LSL:
        return value << amount
    if kind == arm.ARM_SFT_LSR:
        return value >> amount
    if kind == arm.ARM_SFT_ASR:
        return (value - (value >> 31 << 32)) >> amount
    if kind == arm.ARM_SFT_ROR:
        return (value >> amount | value << (32 - amount)) & WORD
    if kind == arm.ARM_SFT_RRX:
        return carry << 31 | value >> 1
    return value
