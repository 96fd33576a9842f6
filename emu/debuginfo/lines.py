"""Source lines: the line table of one compilation unit, by address.

Source: DWARF 5, 6.2 (line number information).
"""

from __future__ import annotations

import posixpath
from bisect import bisect_right
from functools import lru_cache
from typing import Any, NamedTuple

from emu.debuginfo.malformed import unless_malformed

UNKNOWN = "??"
"""A file that the table does not name, as binutils have it."""


class Line(NamedTuple):
    """A line of a source file.  file: the path given to the compiler, normalised."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


class Row(NamedTuple):
    """From ``va`` on the code is that of this line; 0: of no line."""

    va: int
    file: int
    line: int


class Sequence(NamedTuple):
    """A run of code whose rows are in order of address: a sequence of the line table."""

    start: int
    end: int
    rows: tuple[Row, ...]


class LineTable:
    """The lines of one unit."""

    def __init__(self, program: Any, directory: str, is_code: range) -> None:
        """program: of pyelftools.  directory: the unit's.  is_code: other rows are dead."""
        self._header = program.header
        self._directory = directory
        self.file = lru_cache(maxsize=None)(self._file_of)
        """The path of a file, by its number in this table; they count from 1 before DWARF 5."""
        self.sequences = sorted(one for one in _sequences(program) if one.start in is_code)
        self._starts = [one.start for one in self.sequences]

    def at(self, va: int) -> Line | None:
        """The line whose code is at ``va``."""
        index = bisect_right(self._starts, va) - 1
        if index < 0 or va >= self.sequences[index].end:
            return None
        rows = self.sequences[index].rows
        row = rows[bisect_right(rows, va, key=lambda row: row.va) - 1]
        return Line(self.file(row.file), row.line) if row.line else None

    def _file_of(self, number: int) -> str:
        return unless_malformed(lambda: self._file(number), UNKNOWN)

    def _file(self, number: int) -> str:
        entry = self._header.file_entry[number if self._is_5 else number - 1]
        name = entry.name.decode("utf-8", "replace")
        return posixpath.normpath(posixpath.join(self._directory, self._folder(entry), name))

    def _folder(self, entry: Any) -> str:
        index = entry.dir_index
        if not self._is_5:
            index -= 1  # 0 is the unit's own directory
        if index < 0:
            return ""
        folder: str = self._header.include_directory[index].decode("utf-8", "replace")
        return folder

    @property
    def _is_5(self) -> bool:
        return bool(self._header.version >= 5)


def _sequences(program: Any) -> list[Sequence]:
    sequences: list[Sequence] = []
    rows: list[Row] = []
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if state.end_sequence:
            if rows and rows[0].va < state.address:
                sequences.append(Sequence(rows[0].va, state.address, tuple(rows)))
            rows = []
            continue
        row = Row(state.address, state.file, state.line)
        if rows and rows[-1].va == row.va:
            rows.pop()  # of several at one address the last one counts
        rows.append(row)
    return sequences
