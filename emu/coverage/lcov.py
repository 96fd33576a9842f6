"""Coverage of source lines and functions, as lcov's tracefiles have it.

Source: ``geninfo(1)``, "FILES".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from emu.coverage.executed import Counts, Span

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile
    from emu.debuginfo.lines import LineTable
    from emu.debuginfo.units import Unit


class Source:
    """What is known of one source file: counts by line, functions by name."""

    def __init__(self) -> None:
        self.lines: dict[int, int] = {}
        self.functions: dict[str, tuple[int, int]] = {}

    def add_line(self, number: int, count: int) -> None:
        """A line's code may be in several places; the highest count is taken."""
        self.lines[number] = max(count, self.lines.get(number, 0))

    def add_function(self, name: str, line: int, count: int) -> None:
        """A function may have been compiled into several units; their counts are added."""
        line, so_far = self.functions.get(name, (line, 0))
        self.functions[name] = line, so_far + count


class _Places(dict[str, str | None]):
    """Where each source file is, by its path in the program; None: it is not there."""

    def __init__(self, find: Callable[[str], str | None]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, path: str) -> str | None:
        self[path] = place = self._find(path)
        return place


def lcov(spans: Iterable[tuple[Span, int]], find: Callable[[str], str | None]) -> str:
    """A tracefile.  find: gives the path of a source file; files without one are left out.

    Where none of a unit's code is of a file that is there, as in most units of a C++ library, its
    functions are not read, which takes the most time.
    """
    sources: dict[str, Source] = {}
    places = _Places(find)
    by_file: dict[DebugFile, list[tuple[Span, int]]] = {}
    for span, count in spans:
        by_file.setdefault(span.file, []).append((span, count))
    for file, found in by_file.items():
        counts = Counts(found)
        for unit in file.units or ():
            _add_unit(sources, unit, counts, places)
            unit.forget()
    there = sorted((place, path) for path in sources if (place := places[path]) is not None)
    return "TN:\n" + "".join(_record(place, sources[path]) for place, path in there)


def _add_unit(sources: dict[str, Source], unit: Unit, counts: Counts, places: _Places) -> None:
    table = unit.lines
    if table is None:
        return
    own: dict[str, Source] = {}
    for path, line, va in _rows(table):
        source = own.get(path)
        if source is None:
            source = own[path] = sources.setdefault(path, Source())
        source.add_line(line, counts.at(va))
    if all(places[path] is None for path in own):
        return
    for function in unit.functions:
        start = function.ranges[0][0]
        place = table.at(start)
        if function.depth == 0 and place is not None:
            source = sources.setdefault(place.file, Source())
            source.add_function(function.name, place.number, counts.at(start))


def _rows(table: LineTable) -> Iterator[tuple[str, int, int]]:
    """(file, line, va) wherever a line's code begins."""
    for sequence in table.sequences:
        for row in sequence.rows:
            if row.line and row.va < sequence.end:
                yield table.file(row.file), row.line, row.va


def _record(path: str, source: Source) -> str:
    functions, lines = sorted(source.functions.items()), sorted(source.lines.items())
    text = [f"SF:{path}"]
    text += [f"FN:{line},{name}" for name, (line, _) in functions]
    text += [f"FNDA:{count},{name}" for name, (_, count) in functions]
    text.append(f"FNF:{len(functions)}")
    text.append(f"FNH:{sum(count > 0 for _, (_, count) in functions)}")
    text += [f"DA:{number},{count}" for number, count in lines]
    text.append(f"LF:{len(lines)}")
    text.append(f"LH:{sum(count > 0 for _, count in lines)}")
    return "\n".join(text) + "\nend_of_record\n"
