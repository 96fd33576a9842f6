"""Unwinding by reading the code: what a function's first instructions put on the stack.

For functions without tables, as those in hand-written assembly often are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from emu.arm.disassembly import Instruction
from emu.arm.effects import Effect, Sum, effects
from emu.arm.registers import LR, PC, SP
from emu.arm.transfers import Transfer
from emu.unwind.frame import ReadWord, StackFrame, caller, word_at

Saved = dict[int, int]
"""Registers by number: bytes below the SP that the function was entered with."""

_R12 = 12
_FRAME_POINTERS = (7, 11)
_FIRST_SAVED = 4
"""r0 to r3 belong to the called function: their stored values are not the caller's."""


class Prologue(NamedTuple):
    """What has been done to the stack.

    depth: bytes that SP went down, None if by an unknown number.  saved: where registers are.
    pointer: a frame pointer and how far it is below the SP at entry.
    """

    depth: int | None
    saved: Saved
    pointer: tuple[int, int] | None

    def unwind(
        self, frame: StackFrame, read: ReadWord, is_return: Callable[[int], bool]
    ) -> StackFrame | None:
        """The caller's frame, if what is found there is plausible."""
        entry_sp = self._entry_sp(frame)
        if entry_sp is None:
            return None
        registers = list(frame.registers)
        for number, below in self.saved.items():
            word = read(entry_sp - below & 0xFFFFFFFF)
            if word is None:
                return None
            registers[number] = word
        registers[SP] = entry_sp
        if LR not in self.saved and frame.is_call:
            return None
        pc = registers[LR]
        return caller(registers, pc) if is_return(pc) else None

    def _entry_sp(self, frame: StackFrame) -> int | None:
        if self.pointer is not None:
            return frame.registers[self.pointer[0]] + self.pointer[1]
        return None if self.depth is None else frame.sp + self.depth


def analyse(instructions: Iterable[Instruction]) -> Prologue:
    """Read a function's instructions from its start up to where it is.

    An epilogue on the way takes registers off the stack; after the jump that ends it they are all
    there again.  Conditional instructions are skipped, as if on a path that was not taken.
    """
    state = _State()
    for effect in effects(instructions):
        if not effect.is_conditional:
            state.read(effect)
    return Prologue(state.depth, state.saved, state.pointer)


def stores_lr(instructions: Iterable[Instruction]) -> bool:
    """Whether some of these puts the link register on the stack."""
    return any(
        effect.transfer is not None
        and not effect.is_conditional
        and not effect.transfer.is_load
        and effect.transfer.base == SP
        and LR in effect.transfer.registers
        for effect in effects(instructions)
    )


def returning(
    instructions: Iterable[Instruction], frame: StackFrame, read: ReadWord
) -> StackFrame | None:
    """The caller's frame, if the next instructions lead straight to the one that returns to it.

    On the way nothing may touch LR or move SP.
    """
    for effect in effects(instructions):
        if effect.is_jump:
            return None if effect.is_conditional else _returned(effect, frame, read)
        if SP in effect.writes or not effect.names.isdisjoint((LR, PC)):
            return None
    return None


def _returned(effect: Effect, frame: StackFrame, read: ReadWord) -> StackFrame | None:
    """The caller's frame, if this jump goes to LR or takes the PC off the stack."""
    if effect.sum == Sum(PC, LR):
        return caller(list(frame.registers), frame.lr)
    transfer = effect.transfer
    if transfer is None or transfer.base != SP or PC not in dict(transfer.places):
        return None
    if not transfer.change and SP not in transfer.registers:
        return None  # what it loads stays on the stack
    registers = list(frame.registers)
    registers[SP] += transfer.change or 0
    for number, offset in transfer.places:
        registers[number] = word_at(read, frame.sp + offset)
    return caller(registers, registers[PC])


class _State:
    """What the instructions so far have done.

    An epilogue begins where SP goes up or the frame pointer changes: ``_middle`` has the depth and
    the frame pointer before that.
    """

    def __init__(self) -> None:
        self.depth: int | None = 0
        self.saved: Saved = {}
        self.pointer: tuple[int, int] | None = None
        self._all_saved: Saved = {}
        self._r12: int | None = None
        self._middle: tuple[int | None, tuple[int, int] | None] | None = None

    def read(self, effect: Effect) -> None:
        """One more instruction."""
        transfer = effect.transfer
        if effect.is_jump:
            self._end_epilogue()
        elif effect.sum is not None:
            self._add(effect.sum)
        else:
            self._overwrite(effect.writes)
            if transfer is not None and transfer.base == SP:
                self._transfer(transfer)
            elif SP in effect.writes:
                self._set_depth(None)

    def _transfer(self, transfer: Transfer) -> None:
        depth, change = self.depth, transfer.change
        if not transfer.is_load and depth is not None:
            for number, offset in transfer.places:
                self._save(number, depth - offset)
        if change != 0:
            self._set_depth(None if depth is None or change is None else depth - change)

    def _save(self, number: int, below: int) -> None:
        """The first store of a register keeps the caller's value: later ones keep others."""
        if number >= _FIRST_SAVED and number != SP and below > 0:
            self.saved.setdefault(number, below)
            self._all_saved.setdefault(number, below)

    def _add(self, sum_: Sum) -> None:
        """A register gets a sum: a known distance below the SP at entry, or an unknown value."""
        base = {SP: self.depth, _R12: self._r12, **dict([self.pointer] if self.pointer else [])}
        from_ = base.get(sum_.source)
        below = None if from_ is None else from_ - sum_.amount
        if sum_.result == SP:
            self._set_depth(below)
        elif sum_.result == _R12:
            self._r12 = below
        elif sum_.source in (SP, _R12) and sum_.result in _FRAME_POINTERS and below is not None:
            self.pointer = sum_.result, below
        elif self.pointer is not None and sum_.result == self.pointer[0]:
            self._begin_epilogue()
            self.pointer = None if below is None else (sum_.result, below)

    def _overwrite(self, numbers: frozenset[int]) -> None:
        if _R12 in numbers:
            self._r12 = None
        if self.pointer is not None and self.pointer[0] in numbers:
            self._begin_epilogue()
            self.pointer = None

    def _set_depth(self, depth: int | None) -> None:
        """SP is now so far below the SP at entry: registers that lie deeper are saved no longer."""
        if depth is None:
            self._middle = None
        elif self.depth is None or depth < self.depth:
            self._begin_epilogue()
            self.saved = {number: below for number, below in self.saved.items() if below <= depth}
        self.depth = depth

    def _begin_epilogue(self) -> None:
        if self._middle is None:
            self._middle = self.depth, self.pointer

    def _end_epilogue(self) -> None:
        if self._middle is not None:
            (self.depth, self.pointer), self._middle = self._middle, None
            self.saved = dict(self._all_saved)
