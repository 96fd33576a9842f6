"""A backtrace as text: one line per function, recursion folded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from emu.cpu.registers import THUMB_BIT
from emu.report.context import Context
from emu.unwind import StackFrame, Step, backtrace

if TYPE_CHECKING:
    from emu.debuginfo import Line

MOST_LINES = 32
LONGEST_CYCLE = 8
"""The longest cycle of functions that is recognised as recursion."""


class Function(NamedTuple):
    """One function of a backtrace.

    at: an address in its current instruction.  is_named: whether a file names the address.
    inlined: whether the compiler inlined it in the next function of the backtrace.
    """

    at: int
    thumb: bool
    function: str
    line: Line | None
    is_named: bool
    inlined: bool

    def __str__(self) -> str:
        where = f" at {self.line}" if self.line is not None else ""
        return f"{self.function}{where}"


Level = tuple[Function, ...]
"""One stack frame: the functions inlined in its function, innermost first, then the function."""


def levels_of(context: Context, registers: tuple[int, ...]) -> tuple[list[Level], str]:
    """The levels, the innermost first, and why the backtrace ends there, or "".

    registers: r0-r12, sp, lr, pc, cpsr.
    """
    start = StackFrame(registers[:16], bool(registers[16] & THUMB_BIT), False)
    levels: list[Level] = []
    known: dict[tuple[int, bool], Level] = {}
    for step in backtrace(start, context.file_at, context.read_word):
        if isinstance(step, str):
            return levels, step
        key = step.frame.at, step.frame.thumb
        if key not in known:
            known[key] = tuple(_functions(step))
        levels += [known[key]] * step.times
    return levels, ""


def _functions(step: Step) -> Iterator[Function]:
    at, thumb = step.frame.at, step.frame.thumb
    if step.file is None:
        yield Function(at, thumb, f"{at:#010x}", None, False, False)
        return
    places = step.file.places(at)
    for place in places:
        name = place.function or place.in_symbol
        yield Function(at, thumb, name, place.line, True, place is not places[-1])


def level_lines(levels: list[Level], reason: str) -> list[str]:
    """The lines of a backtrace; a recursion is shown once, with its count."""
    lines: list[str] = []
    start = 0
    while start < len(levels):
        length, times = _recurrence(levels, start)
        for number, level in enumerate(levels[start : start + length], start):
            lines += [_line(number, call) for call in level]
        if times > 1:
            what = "this frame" if length == 1 else f"these {length} frames"
            lines.append(f"     {what} {times - 1} times more")
        start += length * times
    if len(lines) > MOST_LINES:
        half = MOST_LINES // 2
        lines[half:-half] = [f"     {len(lines) - MOST_LINES} lines left out"]
    return lines + ([f"     ends here: {reason}"] if reason else [])


def _line(number: int, call: Function) -> str:
    return f"#{number:<3} {call}{' (inlined)' if call.inlined else ''}"


def _recurrence(levels: list[Level], start: int) -> tuple[int, int]:
    """The length of the shortest cycle that begins here, and how often it repeats; else 1, 1."""
    for length in range(1, LONGEST_CYCLE + 1):
        cycle = levels[start : start + length]
        end = start + length
        while levels[end : end + length] == cycle:
            end += length
        if end > start + length:
            return length, (end - start) // length
    return 1, 1
