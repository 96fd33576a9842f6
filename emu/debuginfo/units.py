"""Compilation units: which one an address belongs to; its lines and functions, read when needed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from emu.debuginfo.functions import Function, chain, code_ranges, functions_of
from emu.debuginfo.lines import Line, LineTable
from emu.debuginfo.malformed import unless_malformed


class Unit:
    """One compilation unit of pyelftools, opened."""

    def __init__(self, unit: Any, code: range) -> None:
        self._unit, self._code = unit, code

    @cached_property
    def lines(self) -> LineTable | None:
        return unless_malformed(self._read_lines, None)

    def _read_lines(self) -> LineTable | None:
        program = self._unit.dwarfinfo.line_program_for_CU(self._unit)
        directory = self._unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
        path = "" if directory is None else directory.value.decode("utf-8", "replace")
        return None if program is None else LineTable(program, path, self._code)

    @cached_property
    def functions(self) -> list[Function]:
        return unless_malformed(lambda: functions_of(self._unit), [])

    def forget(self) -> None:
        """Let go of the lines, which are read again when they are asked for."""
        self.__dict__.pop("lines", None)

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
    """All units of a file, by address.

    One unit is found by the file's table of address ranges, if it has one.  All are read only where
    that does not help: of a C++ program there are hundreds, of its library.
    """

    def __init__(self, dwarf: Any, code: range) -> None:
        """code: from the first to the last address of code; what the linker dropped is outside."""
        self._dwarf, self._code = dwarf, code
        self._made: dict[int, Unit] = {}

    def __iter__(self) -> Iterator[Unit]:
        """Each unit once, in order of address."""
        return iter(dict.fromkeys(unit for _, _, unit in self._spans))

    def at(self, va: int) -> Unit | None:
        """The unit whose code is at ``va``."""
        return self._by_table(va) or self._by_spans(va)

    def _unit(self, raw: Any) -> Unit:
        unit = self._made.get(raw.cu_offset)
        if unit is None:
            unit = self._made[raw.cu_offset] = Unit(raw, self._code)
        return unit

    @cached_property
    def _table(self) -> Any:
        """.debug_aranges, or None."""
        return unless_malformed(self._dwarf.get_aranges, None)

    def _by_table(self, va: int) -> Unit | None:
        if self._table is None or va not in self._code:
            return None
        return unless_malformed(lambda: self._in_table(va), None)

    def _in_table(self, va: int) -> Unit | None:
        offset = self._table.cu_offset_at_addr(va)
        return None if offset is None else self._unit(self._dwarf.get_CU_at(offset))

    def _by_spans(self, va: int) -> Unit | None:
        index = bisect_right(self._starts, va) - 1
        if index < 0 or va >= self._spans[index][1]:
            return None
        return self._spans[index][2]

    @cached_property
    def _spans(self) -> list[tuple[int, int, Unit]]:
        """The ranges of all units, in order of address."""
        return unless_malformed(self._read_spans, [])

    def _read_spans(self) -> list[tuple[int, int, Unit]]:
        spans: list[tuple[int, int, Unit]] = []
        for raw in self._dwarf.iter_CUs():
            unit = self._unit(raw)
            ranges = code_ranges(raw, raw.get_top_DIE())
            spans += [(start, end, unit) for start, end in ranges if start in self._code]
        return sorted(spans, key=lambda span: span[:2])

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _, _ in self._spans]
