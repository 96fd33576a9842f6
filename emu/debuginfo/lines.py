"""Source lines: the line table of one compilation unit, by address.

Source: DWARF 5, 6.2 (line number information).
"""

from __future__ import annotations

import posixpath
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from emu.debuginfo.entries import ESCAPE, Entries
from emu.debuginfo.forms import Sizes, Value, number, signed, text, unsigned, value_of
from emu.debuginfo.malformed import NotUnderstoodError, unless_malformed

UNKNOWN = "??"
"""A file that the table does not name, as binutils have it."""

_PATH, _DIRECTORY = 1, 2
_COPY, _ADVANCE_PC, _ADVANCE_LINE, _SET_FILE, _CONST_ADD_PC, _FIXED_ADVANCE_PC = 1, 2, 3, 4, 8, 9
_END_SEQUENCE, _SET_ADDRESS = 1, 2
_VERSIONS = range(2, 6)
_WORD = 0xFFFFFFFF


class Line(NamedTuple):
    """A line of a source file.  file: the path given to the compiler, normalised."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


class Sequence(NamedTuple):
    """A run of code, in order of address: a sequence of the line table.

    From each of ``vas`` on the code is of the file and the line at the same place; 0: of no line.
    """

    start: int
    end: int
    vas: array[int]
    files: array[int]
    lines: array[int]


class _Header(NamedTuple):
    """What precedes the instructions of a table, in [first, end)."""

    version: int
    first: int
    end: int
    step: int
    line_base: int
    line_range: int
    opcode_base: int
    lengths: bytes
    folders: list[str]
    files: list[tuple[str, int]]


class LineTable:
    """The lines of one unit."""

    def __init__(self, entries: Entries, offset: int, directory: str, is_code: range) -> None:
        """offset: of the table in .debug_line.  directory: the unit's.  is_code: other is dead."""
        data = entries.sections.line
        self._header = _header(entries, offset)
        self._directory = directory
        self.file = lru_cache(maxsize=None)(self._file_of)
        """The path of a file, by its number in this table; they count from 1 before DWARF 5."""
        found = [one for one in _sequences(data, self._header) if one.start in is_code]
        self.sequences = sorted(found, key=lambda one: one[:2])
        self._starts = [one.start for one in self.sequences]

    def at(self, va: int) -> Line | None:
        """The line whose code is at ``va``."""
        index = bisect_right(self._starts, va) - 1
        if index < 0 or va >= self.sequences[index].end:
            return None
        sequence = self.sequences[index]
        row = bisect_right(sequence.vas, va) - 1
        line = sequence.lines[row]
        return Line(self.file(sequence.files[row]), line) if line else None

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """(va, file number, line) wherever a line's code begins."""
        for one in self.sequences:
            for va, file, line in zip(one.vas, one.files, one.lines, strict=True):
                if line and va < one.end:
                    yield va, file, line

    def _file_of(self, number: int) -> str:
        return unless_malformed(lambda: self._file(number), UNKNOWN)

    def _file(self, number: int) -> str:
        is_5 = self._header.version >= 5
        if not is_5 and number == 0:
            return UNKNOWN
        name, folder = self._header.files[number if is_5 else number - 1]
        if not is_5:
            folder -= 1  # 0 is the unit's own directory
        path = "" if folder < 0 else self._header.folders[folder]
        return posixpath.normpath(posixpath.join(self._directory, path, name))


def _header(entries: Entries, at: int) -> _Header:
    """Source: DWARF 5, 6.2.4 (line number program header)."""
    data, width, length = entries.sections.line, 4, number(entries.sections.line, at, 4)
    if length == ESCAPE:  # the assembler may write lines in the other format than the compiler
        width, length = 8, number(data, at + 4, 8)
    at += 4 if width == 4 else 12
    end, version = at + length, number(data, at, 2)
    if version not in _VERSIONS:
        raise NotUnderstoodError(f"version {version} of line tables")
    if end > len(data):
        raise IndexError(end)
    at += 2 if version < 5 else 4
    first = at + width + number(data, at, width)
    at += width
    step, at = data[at], at + (1 if version < 4 else 2)
    base, line_range, opcode_base = data[at + 1], data[at + 2], data[at + 3]
    lengths, at = data[at + 4 : at + 3 + opcode_base], at + 3 + opcode_base
    if version < 5:
        folders, files = _names_before_5(data, at)
    else:
        sizes = Sizes(version, entries.sizes.address, width)
        found, at = _names_since_5(entries, data, at, sizes)
        folders = [name for name, _ in found]
        files, _ = _names_since_5(entries, data, at, sizes)
    return _Header(
        version, first, end, step, base - 256 if base > 127 else base, line_range, opcode_base,
        lengths, folders, files,
    )  # fmt: skip


def _names_before_5(data: bytes, at: int) -> tuple[list[str], list[tuple[str, int]]]:
    """The directories, and the files with the numbers of their directories."""
    folders: list[str] = []
    while name := text(data, at):
        folders.append(name.decode("utf-8", "replace"))
        at += len(name) + 1
    files: list[tuple[str, int]] = []
    at += 1
    while name := text(data, at):
        folder, at = unsigned(data, at + len(name) + 1)
        _, at = unsigned(data, at)
        _, at = unsigned(data, at)
        files.append((name.decode("utf-8", "replace"), folder))
    return folders, files


def _names_since_5(
    entries: Entries, data: bytes, at: int, sizes: Sizes
) -> tuple[list[tuple[str, int]], int]:
    """Names and directories, of directories or of files; and where they end."""
    columns, (count, at) = [], (data[at], at + 1)
    for _ in range(count):
        kind, at = unsigned(data, at)
        form, at = unsigned(data, at)
        columns.append((kind, form))
    count, at = unsigned(data, at)
    if count and not columns:
        raise IndexError(count)
    found: list[tuple[str, int]] = []
    for _ in range(count):
        row: dict[int, tuple[int, Value]] = {}
        for kind, form in columns:
            form, value, at = value_of(form, data, at, sizes)
            row[kind] = form, value
        _, folder = row.get(_DIRECTORY, (0, 0))
        found.append((entries.string(row.get(_PATH)), folder if isinstance(folder, int) else 0))
    return found, at


def _sequences(data: bytes, header: _Header) -> Iterator[Sequence]:
    """Every run of code that the instructions describe.  Source: DWARF 5, 6.2.5."""
    vas, files, lines = array("I"), array("I"), array("I")
    for va, file, line, is_end in _states(data, header):
        if is_end:
            if vas and vas[0] < va:
                yield Sequence(vas[0], va, vas, files, lines)
            vas, files, lines = array("I"), array("I"), array("I")
        elif vas and vas[-1] == va:  # of several at one address the last one counts
            files[-1], lines[-1] = file, line
        else:
            vas.append(va)
            files.append(file)
            lines.append(line)


def _states(data: bytes, header: _Header) -> Iterator[tuple[int, int, int, bool]]:
    """Address, file, line, and whether a sequence ends, for each row of the table."""
    at, end, opcode_base = header.first, header.end, header.opcode_base
    step, line_base, line_range = header.step, header.line_base, header.line_range
    va, file, line = 0, 1, 1
    while at < end:
        opcode, at = data[at], at + 1
        if opcode >= opcode_base:
            far, more = divmod(opcode - opcode_base, line_range)
            va, line = va + far * step & _WORD, line + line_base + more & _WORD
            yield va, file, line, False
        elif opcode == _COPY:
            yield va, file, line, False
        elif opcode == _ADVANCE_PC:
            far, at = unsigned(data, at)
            va = va + far * step & _WORD
        elif opcode == _ADVANCE_LINE:
            more, at = signed(data, at)
            line = line + more & _WORD
        elif opcode == _SET_FILE:
            file, at = unsigned(data, at)
            file &= _WORD
        elif opcode == _CONST_ADD_PC:
            va = va + (255 - opcode_base) // line_range * step & _WORD
        elif opcode == _FIXED_ADVANCE_PC:
            va, at = va + number(data, at, 2) & _WORD, at + 2
        elif opcode:
            for _ in range(header.lengths[opcode - 1]):
                _, at = unsigned(data, at)
        else:
            length, at = unsigned(data, at)
            if length and data[at] == _END_SEQUENCE:
                yield va, file, line, True
                va, file, line = 0, 1, 1
            elif length and data[at] == _SET_ADDRESS:
                va = number(data, at + 1, length - 1) & _WORD
            at += length
