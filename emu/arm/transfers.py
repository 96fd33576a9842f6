"""Loads and stores: what they transfer, from which addresses on, and how they move their base.

capstone tells mnemonics, operands and whether a base is written back, but not for every encoding:
push and pop name no base, and an operand after an address in brackets is added to the base later.
Source: Arm ARM DDI 0406C, A4.6 (load/store), A4.7 (multiple), A7.6 (extension registers).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from capstone import arm

from emu.arm.decoder import CORE
from emu.arm.registers import SP


class Transfer(NamedTuple):
    """A load or store.

    start: bytes from the base, before it changes, to the first byte that is transferred; None where
    a register's value is added.  registers: the core registers that are transferred as words, in
    the order of their addresses.  change: what is added to the base; None where that is a
    register's value or not known.
    """

    is_load: bool
    base: int
    start: int | None
    registers: tuple[int, ...]
    change: int | None

    @property
    def places(self) -> Iterator[tuple[int, int]]:
        """Each register and the bytes from the base, before it changes, to its place in memory."""
        if self.start is not None:
            for position, number in enumerate(self.registers):
                yield number, self.start + 4 * position


class _Multiple(NamedTuple):
    """How a load or store of several registers goes: ``before`` is what the B of DB and IB says."""

    is_load: bool
    down: bool = False
    before: bool = False


_MULTIPLE = {
    arm.ARM_INS_LDM: _Multiple(True),
    arm.ARM_INS_LDMIB: _Multiple(True, before=True),
    arm.ARM_INS_LDMDA: _Multiple(True, down=True),
    arm.ARM_INS_LDMDB: _Multiple(True, down=True, before=True),
    arm.ARM_INS_STM: _Multiple(False),
    arm.ARM_INS_STMIB: _Multiple(False, before=True),
    arm.ARM_INS_STMDA: _Multiple(False, down=True),
    arm.ARM_INS_STMDB: _Multiple(False, down=True, before=True),
    arm.ARM_INS_POP: _Multiple(True),
    arm.ARM_INS_PUSH: _Multiple(False, down=True, before=True),
    arm.ARM_INS_VLDMIA: _Multiple(True),
    arm.ARM_INS_VLDMDB: _Multiple(True, down=True, before=True),
    arm.ARM_INS_VSTMIA: _Multiple(False),
    arm.ARM_INS_VSTMDB: _Multiple(False, down=True, before=True),
    arm.ARM_INS_VPOP: _Multiple(True),
    arm.ARM_INS_VPUSH: _Multiple(False, down=True, before=True),
    arm.ARM_INS_FLDMIAX: _Multiple(True),
    arm.ARM_INS_FLDMDBX: _Multiple(True, down=True, before=True),
    arm.ARM_INS_FSTMIAX: _Multiple(False),
    arm.ARM_INS_FSTMDBX: _Multiple(False, down=True, before=True),
}
_STACK = {arm.ARM_INS_PUSH, arm.ARM_INS_POP, arm.ARM_INS_VPUSH, arm.ARM_INS_VPOP}
_UNUSED_WORD = {
    arm.ARM_INS_FLDMIAX, arm.ARM_INS_FLDMDBX, arm.ARM_INS_FSTMIAX, arm.ARM_INS_FSTMDBX,
}  # fmt: skip
"""These leave a word free after the registers."""

_WORDS = {
    arm.ARM_INS_LDR: True, arm.ARM_INS_LDRT: True, arm.ARM_INS_LDRD: True,
    arm.ARM_INS_STR: False, arm.ARM_INS_STRT: False, arm.ARM_INS_STRD: False,
}  # fmt: skip
"""Those that transfer words: whether they load.  All others transfer smaller or larger units."""

_ELEMENTS = {
    arm.ARM_INS_VLD1, arm.ARM_INS_VLD2, arm.ARM_INS_VLD3, arm.ARM_INS_VLD4,
    arm.ARM_INS_VST1, arm.ARM_INS_VST2, arm.ARM_INS_VST3, arm.ARM_INS_VST4,
}  # fmt: skip
"""They have no offset; capstone puts their alignment in its place."""


def transfer_of(instruction: Any) -> Transfer | None:
    """What an instruction of capstone's loads or stores, or None if it does neither."""
    multiple = _MULTIPLE.get(instruction.id)
    if multiple is not None:
        return _multiple(instruction, multiple)
    operands = instruction.operands
    for position, operand in enumerate(operands):
        if operand.type == arm.ARM_OP_MEM:
            return _single(instruction, operands[:position], operand, operands[position + 1 :])
    return None


def has_named_base(instruction: Any) -> bool:
    """Whether the base of a load or store stands in its text."""
    return instruction.id not in _STACK


def _multiple(instruction: Any, how: _Multiple) -> Transfer:
    listed = [operand.reg for operand in instruction.operands]
    on_stack = instruction.id in _STACK
    base = SP if on_stack else CORE[listed.pop(0)]
    size = sum(map(_size, listed)) + 4 * (instruction.id in _UNUSED_WORD)
    start = (-size if how.down else 0) + 4 * (how.down is not how.before)
    writes_back = on_stack or instruction.writeback
    registers = tuple(CORE[number] for number in listed if number in CORE)
    change = (-size if how.down else size) if writes_back else 0
    return Transfer(how.is_load, base, start, registers, change)


def _size(register: int) -> int:
    """Bytes of a register in a list."""
    return 8 if arm.ARM_REG_D0 <= register <= arm.ARM_REG_D31 else 4


def _single(instruction: Any, before: Any, address: Any, after: Any) -> Transfer:
    """Of an instruction with an address in brackets.  before, after: its other operands."""
    kind, memory = instruction.id, address.mem
    registers = tuple(CORE[operand.reg] for operand in before) if kind in _WORDS else ()
    start = None if memory.index else memory.disp
    if kind in _ELEMENTS:
        start = 0
    change = start if instruction.writeback else 0
    if after:
        change = _immediate(after[0])
    elif kind in _ELEMENTS and instruction.writeback:
        change = None
    return Transfer(_WORDS.get(kind, False), CORE[memory.base], start, registers, change)


def _immediate(operand: Any) -> int | None:
    """What is added to a base after a transfer; None if that is a register's value."""
    if operand.type != arm.ARM_OP_IMM:
        return None
    value: int = operand.imm
    return -value if operand.subtracted else value
