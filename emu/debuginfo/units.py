"""Compilation units: which one an address belongs to; its lines and functions, read when needed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property

from emu.debuginfo import abbreviations as dw
from emu.debuginfo.entries import Entries, Header, headers
from emu.debuginfo.functions import Function, FunctionReader, chain
from emu.debuginfo.lines import Line, LineTable
from emu.debuginfo.malformed import Doubts, NotUnderstoodError
from emu.debuginfo.rangelists import RangeReader, Ranges
from emu.debuginfo.sections import Sections

FindSplit = Callable[[Entries], Entries]
"""The entries that were split off from a unit: or the same, if none were."""


class Unit:
    """One compilation unit."""

    def __init__(self, units: Units, entries: Entries) -> None:
        self._units, self.entries = units, entries

    @property
    def code(self) -> range:
        """From the first to the last address of code; what the linker dropped is outside."""
        return self._units.code

    def ranges(self) -> Ranges:
        """The addresses of the unit's code."""
        return self._units.doubts.unless_malformed(
            lambda: RangeReader(self.entries).of(self.entries.top), ()
        )

    @cached_property
    def lines(self) -> LineTable | None:
        return self._units.doubts.unless_malformed(self._read_lines, None)

    def _read_lines(self) -> LineTable | None:
        entries = self.entries
        offset = entries.number(entries.top, dw.STMT_LIST)
        directory = entries.string(entries.top.attributes.get(dw.COMP_DIR))
        return None if offset is None else LineTable(entries, offset, directory, self.code)

    @cached_property
    def functions(self) -> list[Function]:
        return self._units.doubts.unless_malformed(lambda: self.reader.functions(), [])

    @cached_property
    def reader(self) -> FunctionReader:
        entries = self._units.whole(self.entries)
        return FunctionReader(entries, lambda offset: self._units.containing(offset).reader)

    def forget(self) -> None:
        """Let go of the lines and functions, which are read again when they are asked for."""
        for name in ("lines", "functions", "reader"):
            self.__dict__.pop(name, None)
        self.entries.forget()

    def declared(self, function: Function) -> Line | None:
        """Where a function is declared; None if the file does not say."""
        file, line = function.declared
        unit = self
        if function.files is not None:  # the reader of this function found it there
            unit = self._units.containing(function.files)
        if not line or unit.lines is None:
            return None
        return Line(unit.lines.file(file), line)

    def frames_at(self, va: int) -> list[tuple[str, Line | None]]:
        """Function and line at ``va``, then those that it is inlined in, innermost first."""
        if self.lines is None:
            return []
        line = self.lines.at(va)
        frames = []
        for function in chain(self.functions, va):
            frames.append((function.name, line))
            file, number = function.call
            line = Line(self.lines.file(file), number) if number else None
        return frames or [("", line)]


class Units:
    """All units of a file, by address."""

    def __init__(self, sections: Sections, code: range, whole: FindSplit, doubts: Doubts) -> None:
        """code: from the first to the last address of code."""
        self.code, self.whole, self.doubts = code, whole, doubts
        self.all = [
            Unit(self, Entries(sections, header)) for header in _understood(sections, doubts)
        ]
        self._offsets = [unit.entries.header.offset for unit in self.all]
        self._spans = sorted(
            ((start, end, number) for number, unit in enumerate(self.all)
            for start, end in unit.ranges() if start in code),
        )  # fmt: skip
        self._starts = [start for start, _, _ in self._spans]

    def __iter__(self) -> Iterator[Unit]:
        """Each unit once, in order of address."""
        numbers = dict.fromkeys(number for _, _, number in self._spans)
        return (self.all[number] for number in numbers)

    def at(self, va: int) -> Unit | None:
        """The unit whose code is at ``va``."""
        index = bisect_right(self._starts, va) - 1
        if index < 0 or va >= self._spans[index][1]:
            return None
        return self.all[self._spans[index][2]]

    def containing(self, offset: int) -> Unit:
        """The unit in which an offset of .debug_info is.  Errors: LookupError."""
        index = bisect_right(self._offsets, offset) - 1
        if index < 0 or offset >= self.all[index].entries.header.end:
            raise LookupError(offset)
        return self.all[index]


def _understood(sections: Sections, doubts: Doubts) -> list[Header]:
    """The headers of the units that can be read, as far as the section is sound."""
    found: list[Header] = []

    def read() -> None:
        for header in headers(sections.info):
            if isinstance(header, NotUnderstoodError):
                doubts.add(f"{header} of its debug information is not understood")
            elif header.has_code:
                found.append(header)

    doubts.unless_malformed(read, None)
    return found
