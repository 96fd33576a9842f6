"""Compilation units: which one an address belongs to; its lines and functions, read when needed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from elftools.dwarf.structs import DWARFStructs

from emu.debuginfo.functions import Function, chain, code_ranges, functions_of
from emu.debuginfo.lines import Line, LineTable
from emu.debuginfo.malformed import unless_malformed


class Unit:
    """One compilation unit of pyelftools, opened."""

    def __init__(self, unit: Any, code: range) -> None:
        """code: from the first to the last address of code; what the linker dropped is outside."""
        self._unit, self.code = unit, code
        self._others: dict[int, Unit] = {}

    @cached_property
    def lines(self) -> LineTable | None:
        return unless_malformed(self._read_lines, None)

    def _read_lines(self) -> LineTable | None:
        program = self._unit.dwarfinfo.line_program_for_CU(_ForLines(self._unit))
        directory = self._unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
        path = "" if directory is None else directory.value.decode("utf-8", "replace")
        return None if program is None else LineTable(program, path, self.code)

    @cached_property
    def functions(self) -> list[Function]:
        return unless_malformed(lambda: functions_of(self._unit), [])

    def forget(self) -> None:
        """Let go of the lines, which are read again when they are asked for."""
        self.__dict__.pop("lines", None)
        self._others.clear()

    def declared(self, function: Function) -> Line | None:
        """Where a function is declared; None if the file does not say."""
        file, line = function.declared
        if not line:
            return None
        lines = self.lines
        if function.files != self._unit.cu_offset:
            lines = unless_malformed(lambda: self._other(function.files).lines, None)
        return None if lines is None else Line(lines.file(file), line)

    def _other(self, offset: int) -> Unit:
        """The unit that another one was made of when the program was linked (-flto)."""
        if offset not in self._others:
            self._others[offset] = Unit(self._unit.dwarfinfo.get_CU_at(offset), self.code)
        return self._others[offset]

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


class _ForLines:
    """A unit as pyelftools wants it for its lines, which may be in the other format of DWARF.

    The assembler writes lines in the 32-bit format also where the compiler wrote the unit in the
    64-bit one.  Source: DWARF 5, 7.4.
    """

    def __init__(self, unit: Any) -> None:
        self.get_top_DIE = unit.get_top_DIE
        at = unit.get_top_DIE().attributes.get("DW_AT_stmt_list")
        self.structs = unit.structs
        if at is not None:
            stream = unit.dwarfinfo.debug_line_sec.stream
            stream.seek(at.value)
            width = 64 if stream.read(4) == _ESCAPE else 32
            if width != unit.structs.dwarf_format:
                self.structs = DWARFStructs(
                    unit.structs.little_endian, width, unit.structs.address_size,
                    unit.structs.dwarf_version,
                )  # fmt: skip


_ESCAPE: Final = b"\xff" * 4
"""What the length of a 64-bit contribution begins with."""


class Units:
    """All units of a file, by address."""

    def __init__(self, dwarf: Any, code: range) -> None:
        """code: from the first to the last address of code; what the linker dropped is outside."""
        self._spans: list[tuple[int, int, Unit]] = []
        for raw in dwarf.iter_CUs():
            unit = Unit(raw, code)
            ranges = code_ranges(raw, raw.get_top_DIE())
            self._spans += [(start, end, unit) for start, end in ranges if start in code]
        self._spans.sort(key=lambda span: span[:2])
        self._starts = [start for start, _, _ in self._spans]

    def __iter__(self) -> Iterator[Unit]:
        """Each unit once, in order of address."""
        return iter(dict.fromkeys(unit for _, _, unit in self._spans))

    def at(self, va: int) -> Unit | None:
        """The unit whose code is at ``va``."""
        index = bisect_right(self._starts, va) - 1
        if index < 0 or va >= self._spans[index][1]:
            return None
        return self._spans[index][2]
