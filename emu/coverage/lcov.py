"""Coverage of source lines and functions, as lcov's tracefiles have it.

Source: ``geninfo(1)``, "FILES"; lcov 2.5, ``_deriveFunctionEndLines``, ``_checkConsistency``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from emu.coverage.executed import Counts, Span

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile
    from emu.debuginfo.functions import Function
    from emu.debuginfo.lines import Line
    from emu.debuginfo.units import Unit

_LAMBDA: Final = "{lambda("
"""What lcov knows a lambda by."""


class Source:
    """What is known of one source file: counts by line, and by line and name of a function."""

    def __init__(self) -> None:
        self.lines: dict[int, int] = {}
        self.functions: dict[tuple[int, str], int] = {}

    def add_line(self, number: int, count: int) -> None:
        """A line's code may be in several places; the highest count is taken."""
        self.lines[number] = max(count, self.lines.get(number, 0))

    def add_function(self, name: str, line: int, count: int) -> None:
        """A function may be in several units, and be inlined; the counts are added."""
        self.functions[line, name] = self.functions.get((line, name), 0) + count

    def add_declarations(self) -> None:
        """A function's own line counts its calls where it has no code, as with gcov.

        lcov 2.0 to 2.2 look for this line.
        """
        without = [key for key in self.functions if key[0] not in self.lines]
        for line, name in without:
            self.add_line(line, self.functions[line, name])

    def consistent(self) -> dict[tuple[int, str], int]:
        """The functions that the lines do not contradict.

        To lcov 2.1 and later a function has the lines from its own to the next function's, those of
        one line together, and it has been called exactly if one of them was executed.  So an
        uncalled function in the middle of another cannot be told.  Lambdas alone may be anywhere.
        """
        kept: list[tuple[int, str]] = []
        hit = sorted(self.lines.items(), reverse=True)
        for line, names in sorted(self._by_line().items(), reverse=True):
            if all(_LAMBDA in name for name in names):
                kept += [(line, name) for name in names]
                continue
            own = [count for number, count in hit if number >= line]
            if any(own) == any(self.functions[line, name] for name in names):
                kept += [(line, name) for name in names]
                hit = hit[len(own) :]
        return {key: self.functions[key] for key in sorted(kept)}

    def _by_line(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for line, name in self.functions:
            found.setdefault(line, []).append(name)
        return found


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
    for va, file, line in table.rows():
        path = table.file(file)
        source = own.get(path)
        if source is None:
            source = own[path] = sources.setdefault(path, Source())
        source.add_line(line, counts.at(va))
    if all(places[path] is None for path in own):
        return
    for function in unit.functions:
        place = _place(unit, function) if function.entry in unit.code else None
        if place is not None and function.name:
            source = sources.setdefault(place.file, Source())
            source.add_function(function.name, place.number, _calls(function, counts))


def _place(unit: Unit, function: Function) -> Line | None:
    """Where a function is declared; else, as in assembly, the line of its code."""
    place = unit.declared(function)
    if place is None and function.depth == 0 and unit.lines is not None:
        place = unit.lines.at(function.entry)
    return place


def _calls(function: Function, counts: Counts) -> int:
    """How often it was executed from its entry; once if it was never, and yet was executed.

    That is so where the compiler moved the entry of inlined code.
    """
    return counts.at(function.entry) or int(
        any(counts.any(start, end) for start, end in function.ranges)
    )


def _record(path: str, source: Source) -> str:
    source.add_declarations()
    functions, lines = list(_named(source.consistent())), sorted(source.lines.items())
    text = [f"SF:{path}"]
    text += [f"FN:{line},{name}" for line, name, _ in functions]
    text += [f"FNDA:{count},{name}" for _, name, count in functions]
    text.append(f"FNF:{len(functions)}")
    text.append(f"FNH:{sum(count > 0 for _, _, count in functions)}")
    text += [f"DA:{number},{count}" for number, count in lines]
    text.append(f"LF:{len(lines)}")
    text.append(f"LH:{sum(count > 0 for _, count in lines)}")
    return "\n".join(text) + "\nend_of_record\n"


def _named(functions: dict[tuple[int, str], int]) -> Iterator[tuple[int, str, int]]:
    """(line, name, count) with each name once: of several the later ones have their lines too."""
    seen: set[str] = set()
    for (line, name), count in functions.items():
        unique = f"{name} (line {line})" if name in seen else name
        seen.add(unique)
        yield line, unique, count
