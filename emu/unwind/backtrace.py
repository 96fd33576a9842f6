"""A backtrace: from frame to frame by the best knowledge there is about each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from emu.unwind import cfi, ehabi, framepointer
from emu.unwind.frame import Frame, ReadWord, UnwindError, caller
from emu.unwind.framepointer import keeps_frame_pointer, pushes_lr

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile

MOST_FRAMES = 10_000


class Step(NamedTuple):
    """One frame of a backtrace.  file: what names it.  how: by what it was found."""

    frame: Frame
    file: DebugFile | None
    how: str


FindFile = Callable[[int], "DebugFile | None"]


def backtrace(frame: Frame, find: FindFile, read: ReadWord) -> Iterator[Step | str]:
    """The frames from the innermost on; a last string says why it ends, if not at its start.

    find: the file that has an address.
    """
    how = "registers"
    for _ in range(MOST_FRAMES):
        file = find(frame.at)
        yield Step(frame, file, how)
        try:
            found = _Unwinder(frame, file, find, read).caller()
        except UnwindError as error:
            yield str(error)
            return
        if found is None or not found[0].pc:
            return
        if found[0].sp < frame.sp or found[0][:2] == frame[:2]:
            yield "the next frame would not be further up the stack"
            return
        frame, how = found
    yield f"more than {MOST_FRAMES} frames"


class _Unwinder:
    """The search for one frame's caller: tables first, then what the code usually does."""

    def __init__(
        self, frame: Frame, file: DebugFile | None, find: FindFile, read: ReadWord
    ) -> None:
        self.frame, self.file, self.find, self.read = frame, file, find, read

    def caller(self) -> tuple[Frame, str] | None:
        """The caller and how it was found, or None where nobody called.  Errors: UnwindError."""
        if self.file is not None:
            rules = self.file.call_frames.rules(self.frame.at)
            if rules is not None:
                found = cfi.unwind(self.frame, rules, self.read)
                return None if found is None else (found, ".debug_frame")
        return self._without_rules()

    def _without_rules(self) -> tuple[Frame, str]:
        if not self.frame.is_call and self._before() == b"":
            return self._by_lr("it has just been entered")
        try:
            found = self._by_index()
        except UnwindError as error:
            return self._without_tables(str(error))
        if found is not None:
            return found, ".ARM.exidx"
        return self._without_tables("no table tells how to unwind it")

    def _without_tables(self, problem: str) -> tuple[Frame, str]:
        code, thumb = self._before(), self.frame.thumb
        if not self.frame.is_call and not pushes_lr(code or b"", thumb):
            return self._by_lr(problem)
        found = None
        if code is None or keeps_frame_pointer(code, thumb):
            found = framepointer.unwind(self.frame, self.read, self._is_return)
        if found is None:
            raise UnwindError(problem)
        return found, "frame pointer"

    def _by_lr(self, problem: str) -> tuple[Frame, str]:
        if not self._is_return(self.frame.lr):
            raise UnwindError(f"{problem}, and lr is no return address")
        return caller(list(self.frame.registers), self.frame.lr), "lr"

    def _before(self) -> bytes | None:
        """The function's code before the PC; None if its start is not known."""
        symbol = None if self.file is None else self.file.symbol_at(self.frame.pc)
        if self.file is None or symbol is None:
            return None
        return self.file.read(symbol.va, self.frame.pc - symbol.va)

    def _by_index(self) -> Frame | None:
        index = None if self.file is None else self.file.unwind_index
        instructions = None if index is None else index.instructions(self.frame.at)
        if instructions is None:
            return None
        return ehabi.unwind(self.frame, instructions, self.read)

    def _is_return(self, pc: int) -> bool:
        """Whether ``pc`` (bit 0: Thumb) is behind a call in code that a file knows."""
        if self.find(pc - 2) is None:
            return False
        if pc & 1:
            return self._is_thumb_call(pc - 1)
        word = self.read(pc - 4)
        if word is None or pc & 2:
            return False
        is_bl = word >> 24 & 0xF == 0xB or word >> 25 == 0x7D
        return is_bl or word & 0x0FFFFFF0 == 0x012FFF30  # blx register

    def _is_thumb_call(self, pc: int) -> bool:
        word = self.read(pc - 4)
        if word is None:
            return False
        is_bl = word & 0xF800 == 0xF000 and word >> 30 == 0b11
        return is_bl or word >> 16 & 0xFF87 == 0x4780  # blx register
