"""A frame on the stack: the core registers as they were in one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emu.arm.registers import LR, PC, SP

ReadWord = Callable[[int], int | None]
"""The word at an address (va) as the process could read it, or None."""


class UnwindError(Exception):
    """The caller cannot be found; the text says why, for people."""


class StackFrame(NamedTuple):
    """r0-r15 in one function.  PC without the Thumb bit; is_call: it is past a call."""

    registers: tuple[int, ...]
    thumb: bool
    is_call: bool

    @property
    def pc(self) -> int:
        return self.registers[PC]

    @property
    def sp(self) -> int:
        return self.registers[SP]

    @property
    def lr(self) -> int:
        return self.registers[LR]

    @property
    def at(self) -> int:
        """An address inside the instruction that this frame is at: the call, in a caller."""
        return self.pc - 1 if self.is_call else self.pc


def caller(registers: list[int], pc: int) -> StackFrame:
    """The calling frame: ``registers`` restored, to go on at ``pc`` (bit 0: Thumb)."""
    registers[PC] = pc & ~1
    return StackFrame(tuple(value & 0xFFFFFFFF for value in registers), bool(pc & 1), True)


def word_at(read: ReadWord, va: int) -> int:
    """A word that unwinding needs.  Errors: UnwindError."""
    word = read(va & 0xFFFFFFFF)
    if word is None:
        raise UnwindError(f"nothing can be read at {va & 0xFFFFFFFF:#010x}")
    return word
