"""What an instruction does to the core registers, the stack and the flow of control.

Only as much of it as is needed to unwind stacks and to follow calls.  capstone leaves out some of
the registers that an instruction writes: its operands complete them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from capstone import CS_AC_READ, arm

from emu.arm.decoder import CORE, decode
from emu.arm.disassembly import Instruction
from emu.arm.registers import PC
from emu.arm.transfers import Transfer, transfer_of


class Sum(NamedTuple):
    """The register ``result`` becomes ``source`` plus ``amount``."""

    result: int
    source: int
    amount: int = 0


class Effect(NamedTuple):
    """What one instruction does.

    is_conditional: it may do nothing; true of ``it`` itself, too.  is_call: it branches and links.
    is_jump: it branches, and is no call.  writes: core registers that it may change.  names: those,
    and the ones that it computes with.  covered: how many instructions after it are conditional
    because of it.
    """

    is_conditional: bool = False
    is_call: bool = False
    is_jump: bool = False
    transfer: Transfer | None = None
    sum: Sum | None = None
    writes: frozenset[int] = frozenset()
    names: frozenset[int] = frozenset()
    covered: int = 0


NOTHING = Effect()
"""The effect of data, and of what is no instruction."""

_ALWAYS = (arm.ARM_CC_AL, arm.ARM_CC_INVALID)
_EXCHANGE = {arm.ARM_INS_BX, arm.ARM_INS_BXJ, arm.ARM_INS_BLX}
_SUMS = {arm.ARM_INS_ADD, arm.ARM_INS_SUB, arm.ARM_INS_MOV, *_EXCHANGE}
_BY_ITSELF = {arm.ARM_INS_CBZ, arm.ARM_INS_CBNZ, arm.ARM_INS_IT}
"""Conditional, although they have no condition field."""


def effects(instructions: Iterable[Instruction]) -> Iterator[Effect]:
    """The effect of each of consecutive instructions; those in IT blocks are conditional."""
    covered = 0
    for instruction in instructions:
        effect = effect_of(instruction)
        if covered:
            covered -= 1
            effect = effect._replace(is_conditional=True)
        yield effect
        covered = covered or effect.covered


def effect_of(instruction: Instruction) -> Effect:
    """The effect of an instruction by itself, in no IT block."""
    return _effect(instruction.data, instruction.thumb) if instruction.is_code else NOTHING


@lru_cache(maxsize=4096)
def _effect(code: bytes, thumb: bool) -> Effect:
    found = decode(code, 0, thumb)
    if found is None:
        return NOTHING
    transfer, sum_ = transfer_of(found), _sum(found)
    writes = _writes(found, transfer, sum_)
    is_call = found.group(arm.ARM_GRP_CALL)
    return Effect(
        is_conditional=found.cc not in _ALWAYS or found.id in _BY_ITSELF,
        is_call=is_call,
        is_jump=not is_call and (found.group(arm.ARM_GRP_JUMP) or PC in writes),
        transfer=transfer,
        sum=sum_,
        writes=writes,
        names=writes | _named(found),
        covered=len(found.mnemonic) - 1 if found.id == arm.ARM_INS_IT else 0,  # it, itt, ite, ...
    )


def _sum(instruction: Any) -> Sum | None:
    """Of additions and subtractions of a fixed number, of moves, and of branches to a register."""
    kind, operands = instruction.id, instruction.operands
    if kind not in _SUMS or any(operand.shift.type for operand in operands):
        return None
    registers = [CORE[operand.reg] for operand in operands if operand.type == arm.ARM_OP_REG]
    numbers = [operand.imm for operand in operands if operand.type == arm.ARM_OP_IMM]
    if kind in _EXCHANGE:
        return Sum(PC, registers[0]) if registers else None
    if kind == arm.ARM_INS_MOV:
        return Sum(registers[0], registers[1]) if len(registers) == 2 else None
    if len(numbers) != 1:
        return None
    amount = numbers[0] if kind == arm.ARM_INS_ADD else -numbers[0]
    return Sum(registers[0], registers[-1], amount)


def _writes(instruction: Any, transfer: Transfer | None, sum_: Sum | None) -> frozenset[int]:
    _, told = instruction.regs_access()
    found = {CORE[number] for number in told if number in CORE}
    if transfer is not None:
        if transfer.change != 0:
            found.add(transfer.base)
        if transfer.registers:
            return frozenset(found | set(transfer.registers if transfer.is_load else ()))
    if sum_ is not None:
        return frozenset(found | {sum_.result})
    return frozenset(found | {
        CORE[operand.reg] for operand in instruction.operands
        if operand.type == arm.ARM_OP_REG and operand.access != CS_AC_READ and operand.reg in CORE
    })  # fmt: skip


def _named(instruction: Any) -> frozenset[int]:
    found = set()
    for operand in instruction.operands:
        if operand.type == arm.ARM_OP_REG:
            found.add(operand.reg)
        elif operand.type == arm.ARM_OP_MEM:
            found |= {operand.mem.base, operand.mem.index}
    return frozenset(CORE[number] for number in found if number in CORE)
