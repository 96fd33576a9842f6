"""Branches: where they go, and in which ways a block of code can end."""

from __future__ import annotations

from enum import Enum, auto

from capstone import arm

from emu.arm.decoder import decode
from emu.arm.disassembly import Instruction
from emu.arm.effects import effect_of
from emu.arm.registers import PC


class End(Enum):
    """What the last instruction of a block can do."""

    PLAIN = auto()
    """Go on, or branch to a fixed address or through a table of the function's own."""
    CALL = auto()
    """Branch and link."""
    INDIRECT = auto()
    """Branch to an address from a register or from the stack: a return or any other."""


def end_of(instruction: Instruction) -> End:
    """How a block ends whose last instruction this is."""
    effect = effect_of(instruction)
    if effect.is_call:
        return End.CALL
    if PC not in effect.writes:
        return End.PLAIN
    loads = effect.transfer is not None and effect.transfer.base != PC
    moves = effect.sum is not None and effect.sum.source != PC
    return End.INDIRECT if loads or moves else End.PLAIN


def target_of(instruction: Instruction) -> int | None:
    """Where a direct branch goes (va), or None."""
    if instruction.mnemonic[0] not in "bc":
        return None  # most instructions are told apart without decoding them again
    found = decode(instruction.data, instruction.va, instruction.thumb)
    if found is None or not found.group(arm.ARM_GRP_BRANCH_RELATIVE):
        return None
    target: int = found.operands[-1].imm
    return target & 0xFFFFFFFF


def register_of(instruction: Instruction) -> int | None:
    """The register that has the address to which this branches, or None."""
    addition = effect_of(instruction).sum
    return addition.source if addition is not None and addition.result == PC else None


def ends_with_call(code: bytes, thumb: bool) -> bool:
    """Whether the last instruction in these four bytes is a call."""
    found = decode(code, 0, thumb)
    if found is not None and found.size == 4:
        return bool(found.group(arm.ARM_GRP_CALL))
    found = decode(code[2:], 0, thumb) if thumb else None
    return found is not None and bool(found.group(arm.ARM_GRP_CALL))
