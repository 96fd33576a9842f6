"""A backtrace: the caller of each frame, found by the best information there is about it."""

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
"""Bytes of code that are searched for a return."""


class Step(NamedTuple):
    """One frame of a backtrace.  file: the file that has its code.  how: by what it was found.

    times: how many equal frames of a recursion it stands for.
    """

    frame: StackFrame
    file: DebugFile | None
    how: str
    times: int = 1


FindFile = Callable[[int], "DebugFile | None"]


def backtrace(frame: StackFrame, find: FindFile, read: ReadWord) -> Iterator[Step | str]:
    """The frames from the innermost on; if they end too early, a last string says why.

    find: the file that has the code at an address (va), or None.
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
    """The same frame, ``distance`` bytes further up the stack."""
    registers = list(frame.registers)
    registers[SP] += distance
    return frame._replace(registers=tuple(registers))


class _Unwinder:
    """The search for one frame's caller: tables first, then what the code usually does."""

    def __init__(self, frame: StackFrame, find: FindFile, read: ReadWord) -> None:
        self.frame, self.file, self.find, self.read = frame, find(frame.at), find, read

    def times(self, size: int) -> int:
        """How many frames of this size follow each other, all at the same place of one function.

        Counting them passes quickly over a recursion that filled the stack.
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
        """The caller and how it was found, or None if there is none.  Errors: UnwindError."""
        found = self._returning()
        if found is not None:
            return found, "its code"
        rules = self._rules()
        if rules is not None:
            found = cfi.unwind(self.frame, rules, self.read)
            return None if found is None else (found, ".debug_frame")
        return None if self._is_entry() else self._without_rules()

    def _returning(self) -> StackFrame | None:
        """The caller, if the next instructions return: GCC's tables are wrong at some returns."""
        if self.file is None or self.frame.is_call:
            return None
        code = disassemble_file(self.file, self.frame.pc, self.frame.pc + EPILOGUE)
        return returning(code, self.frame, self.read)

    def _rules(self) -> cfi.Rules | None:
        """What .debug_frame says, corrected where GCC says it too early.

        If a prologue saves registers by several stores, GCC describes all of them as saved after
        the first store.
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
        """Whether this is the function that the program begins in, which has no caller."""
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
        """By reading the function's beginning or, if that is not known, by a frame pointer."""
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
        """Whether ``pc`` (bit 0: Thumb) follows a call in the code of a file."""
        place, thumb = pc & ~1, bool(pc & 1)
        if self.find(place - 2) is None or (place & 2 and not thumb):
            return False
        word = self.read(place - 4)
        return word is not None and ends_with_call(word.to_bytes(4, "little"), thumb)
