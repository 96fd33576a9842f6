"""The instructions around an address, as text."""

from __future__ import annotations

from emu.arm.disassembly import Instruction
from emu.debuginfo.code import disassemble_as, instruction_text
from emu.report.context import Context

AROUND = 4
"""Instructions shown before and after."""

_LONGEST = 4
_FAR = 4096
"""Bytes of a function before the address that are disassembled at most."""


class Listing:
    """The instructions around the one that contains the address ``at``."""

    def __init__(self, context: Context, at: int, thumb: bool) -> None:
        self._context = context
        self._thumb = thumb
        self._file = context.file_at(at)
        around = self._disassembled(self._start(at), self._end(at))
        marked = [n for n, one in enumerate(around) if one.va <= at < one.va + one.size]
        self.marked = around[marked[0]] if marked else None
        first = max(0, marked[0] - AROUND) if marked else 0
        self._shown = around[first : marked[0] + AROUND + 1] if marked else []

    def lines(self) -> list[str]:
        return [self._line(instruction) for instruction in self._shown]

    def _start(self, at: int) -> int:
        """Where to begin: at the function's start, or at a guess if there are no symbols.

        Thumb code cannot be decoded backwards: the guess is the earliest address from which
        instructions end exactly at ``at``.
        """
        symbol = None if self._file is None else self._file.symbol_at(at)
        if symbol is not None and at - symbol.va <= _FAR:
            return symbol.va
        step = 2 if self._thumb else 4
        for start in range(at - _LONGEST * AROUND, at, step):
            found = self._disassembled(start, at)
            if found and found[0].va == start and found[-1].va + found[-1].size == at:
                return start
        return at

    def _end(self, at: int) -> int:
        """Where to end: not after the function's end."""
        symbol = None if self._file is None else self._file.symbol_at(at)
        end = at + _LONGEST * (AROUND + 1)
        return end if symbol is None or at not in symbol else min(end, symbol.va + symbol.size)

    def _disassembled(self, start: int, end: int) -> list[Instruction]:
        """The instructions in [start, end), up to the first page that cannot be read."""
        found: list[Instruction] = []
        while start < end:
            stop = end if self._file is None else min(end, self._file.symbols.next_mark(start))
            code = _readable(self._context, start, stop - start)
            found += disassemble_as(self._file, start, code, self._thumb)
            if len(code) < stop - start:
                break
            start = stop
        return found

    def _line(self, instruction: Instruction) -> str:
        mark = ">" if instruction is self.marked else " "
        return f"{mark} {instruction_text(self._file, instruction)}"


def _readable(context: Context, va: int, length: int) -> bytes:
    """The readable part of ``length`` bytes at ``va``, in halfwords."""
    whole = context.read(va, length)
    if whole is not None:
        return whole
    data = b""
    while len(data) < length and (half := context.read(va + len(data), 2)) is not None:
        data += half
    return data
