"""A backtrace: from frame to frame by the best knowledge there is about each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from emu.arm.branches import ends_with_call
from emu.arm.disassembly import Instruction
from emu.arm.registers import LR, SP
from emu.debuginfo.code import disassemble_file
from emu.unwind import cfi, ehabi, framepointer
from emu.unwind.frame import ReadWord, StackFrame, UnwindError, caller
from emu.unwind.prologue import analyse, returning, stores_lr
from emu.unwind.tables import tables_of

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile

MOST_STEPS = 10_000
EPILOGUE = 24
"""Bytes of code that are looked through for a return."""


class Step(NamedTuple):
    """One frame of a backtrace.  file: what names it.  how: by what it was found.

    times: how many frames it stands for, all alike, in a recursion.
    """

    frame: StackFrame
    file: DebugFile | None
    how: str
    times: int = 1


FindFile = Callable[[int], "DebugFile | None"]


def backtrace(frame: StackFrame, find: FindFile, read: ReadWord) -> Iterator[Step | str]:
    """The frames from the innermost on; a last string says why it ends, if not at its start.

    find: the file that has an address.
    """
    how, size = "registers", 0
    for _ in range(MOST_STEPS):
        unwinder = _Unwinder(frame, find, read)
        times = unwinder.times(size)
        yield Step(frame, unwinder.file, how, times)
        last = _moved(frame, (times - 1) * size)
        try:
            found = _Unwinder(last, find, read).caller()
        except UnwindError as error:
            yield str(error)
            return
        if found is None or not found[0].pc:
            return
        frame, how = found
        if frame.sp < last.sp or frame[:2] == last[:2]:
            yield "the next frame would not be further up the stack"
            return
        size = frame.sp - last.sp if frame.pc == last.pc and last.is_call else 0
    yield f"more than {MOST_STEPS} frames"


def _moved(frame: StackFrame, distance: int) -> StackFrame:
    """The frame that is so far up the stack and else alike."""
    registers = list(frame.registers)
    registers[SP] += distance
    return frame._replace(registers=tuple(registers))


class _Unwinder:
    """The search for one frame's caller: tables first, then what the code usually does."""

    def __init__(self, frame: StackFrame, find: FindFile, read: ReadWord) -> None:
        self.frame, self.file, self.find, self.read = frame, find(frame.at), find, read

    def times(self, size: int) -> int:
        """How many frames of this size lie above each other, all at the same place of one function.

        So that a recursion that filled the stack is gone through quickly.
        """
        rules = self._rules() if size else None
        if rules is None or rules["cfa"].reg != SP or not cfi.saves_lr(rules):
            return 1
        place = self.frame.sp + rules["cfa"].offset + rules[LR].arg
        own = self.frame.pc | self.frame.thumb
        times = 1
        while self.read(place + (times - 1) * size) == own:
            times += 1
        return times

    def caller(self) -> tuple[StackFrame, str] | None:
        """The caller and how it was found, or None where nobody called.  Errors: UnwindError."""
        found = self._returning()
        if found is not None:
            return found, "its code"
        rules = self._rules()
        if rules is not None:
            found = cfi.unwind(self.frame, rules, self.read)
            return None if found is None else (found, ".debug_frame")
        return None if self._is_entry() else self._without_rules()

    def _returning(self) -> StackFrame | None:
        """The caller, where the next instructions return: GCC's tables are wrong for some."""
        if self.file is None or self.frame.is_call:
            return None
        code = disassemble_file(self.file, self.frame.pc, self.frame.pc + EPILOGUE)
        return returning(code, self.frame, self.read)

    def _rules(self) -> cfi.Rules | None:
        """What .debug_frame says, put right where GCC says it too early.

        Where a prologue saves registers by several stores, GCC describes them all as saved from
        the first one on.
        """
        if self.file is None:
            return None
        frames, at = tables_of(self.file).call_frames, self.frame.at
        rules = frames.rules(at)
        if rules is None or self.frame.is_call or not cfi.saves_lr(rules):
            return rules
        start = frames.start_of_prologue(at)
        if start is None or stores_lr(disassemble_file(self.file, start, at)):
            return rules
        return cfi.without_saved_lr(rules)

    def _is_entry(self) -> bool:
        """Whether this is the function that the program begins in: nobody called it."""
        if self.file is None:
            return False
        entry = self.file.symbol_at(self.file.entry)
        return entry is not None and entry == self.file.symbol_at(self.frame.at)

    def _without_rules(self) -> tuple[StackFrame, str]:
        problem = "no table tells how to unwind it"
        if self.frame.is_call or self._code_before() != []:
            try:
                found = self._by_index()
            except UnwindError as error:
                problem, found = str(error), None
            if found is not None:
                return found, ".ARM.exidx"
        return self._by_code(problem)

    def _by_code(self, problem: str) -> tuple[StackFrame, str]:
        """By reading the function's beginning; where that is not known, by a frame pointer."""
        code = self._code_before()
        if code is not None:
            found, how = analyse(code).unwind(self.frame, self.read, self._is_return), "its code"
        else:
            found, how = (
                framepointer.unwind(self.frame, self.read, self._is_return),
                "frame pointer",
            )
        if found is None and not self.frame.is_call and self._is_return(self.frame.lr):
            found, how = caller(list(self.frame.registers), self.frame.lr), "lr"
        if found is None:
            raise UnwindError(problem)
        return found, how

    def _code_before(self) -> list[Instruction] | None:
        """The function's instructions before the PC; None if its start is not known."""
        symbol = None if self.file is None else self.file.symbol_at(self.frame.at)
        if self.file is None or symbol is None:
            return None
        return list(disassemble_file(self.file, symbol.va, self.frame.at & ~1))

    def _by_index(self) -> StackFrame | None:
        index = None if self.file is None else tables_of(self.file).index
        instructions = None if index is None else index.instructions(self.frame.at)
        if instructions is None:
            return None
        return ehabi.unwind(self.frame, instructions, self.read)

    def _is_return(self, pc: int) -> bool:
        """Whether ``pc`` (bit 0: Thumb) is behind a call in code that a file knows."""
        place, thumb = pc & ~1, bool(pc & 1)
        if self.find(place - 2) is None or (place & 2 and not thumb):
            return False
        word = self.read(place - 4)
        return word is not None and ends_with_call(word.to_bytes(4, "little"), thumb)
