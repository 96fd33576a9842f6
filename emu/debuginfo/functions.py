"""Functions: those of one compilation unit and what is inlined in them, by address.

Source: DWARF 5, 3.3 (subroutine entries), 2.17 (code addresses).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from emu.debuginfo import abbreviations as dw
from emu.debuginfo import forms
from emu.debuginfo.entries import Entries, Entry
from emu.debuginfo.forms import unsigned
from emu.debuginfo.names import demangled
from emu.debuginfo.rangelists import RangeReader, Ranges

_CODE = (dw.SUBPROGRAM, dw.INLINED_SUBROUTINE)
_ORIGINS = (dw.ABSTRACT_ORIGIN, dw.SPECIFICATION)
"""What an entry completes: the function that it is an instance of, or its declaration."""
_MOST_ORIGINS = 4
"""Instance, abstract instance, definition and declaration; damaged ones may go in circles."""
_SCOPES = {
    dw.NAMESPACE: "(anonymous namespace)", dw.CLASS_TYPE: "(anonymous class)",
    dw.STRUCTURE_TYPE: "(anonymous struct)", dw.UNION_TYPE: "(anonymous union)",
    dw.SUBPROGRAM: "(anonymous function)",
}  # fmt: skip
"""What a function may be in, and what it is called where it has no name."""
_MOST_SCOPES = 32
_CLASSES = (dw.CLASS_TYPE, dw.STRUCTURE_TYPE)
Scope = tuple[Entry, ...]


class Function(NamedTuple):
    """A function's code, or one place where it is inlined.

    depth: how many functions it is inlined in here.  call: file number and line of the call that
    was inlined, (0, 0) where it was not.  entry: the address that is executed when it begins.
    declared: file number and line of its declaration, (0, 0) if the file does not say.  files: the
    offset in .debug_info of the unit whose file numbers those are; None for its own unit.
    """

    name: str
    ranges: Ranges
    depth: int
    call: tuple[int, int]
    entry: int
    declared: tuple[int, int]
    files: int | None

    def __contains__(self, va: object) -> bool:
        return isinstance(va, int) and any(start <= va < end for start, end in self.ranges)


def chain(functions: list[Function], va: int) -> list[Function]:
    """The function at ``va`` and what is inlined there, innermost first.

    Code that has several names, as in hand-written assembly, gets the last one.
    """
    found = {function.depth: function for function in functions if va in function}
    return [found[depth] for depth in sorted(found, reverse=True)]


class FunctionReader:
    """Reads the functions of one unit.

    unit_at: the unit in which an offset of .debug_info is, for units that refer to others (-flto).
    """

    def __init__(self, entries: Entries, unit_at: Callable[[int], FunctionReader]) -> None:
        self.entries, self._unit_at = entries, unit_at
        self._scopes: dict[int, Scope] | None = None

    def functions(self) -> list[Function]:
        """Every function that has code, in the order of the entries: outer before inner."""
        ranges, found = RangeReader(self.entries), []
        self._scopes = {}
        for entry, depth, scope in _walk(self.entries):
            if scope:
                self._scopes[entry.offset] = scope
            code = ranges.of(entry)
            if code:
                found.append((entry, depth, code))
        return [self._function(*one) for one in found]

    def _function(self, entry: Entry, depth: int, ranges: Ranges) -> Function:
        origins = list(self._origins(entry))
        declared, files = _declared(origins)
        return Function(
            _name(origins), ranges, depth, self._call(entry), self._entry(entry, ranges), declared,
            None if files is self else files.entries.header.offset,
        )  # fmt: skip

    def _origins(self, entry: Entry) -> Iterator[tuple[FunctionReader, Entry]]:
        """The entry, then what it is an instance or the definition of, each with its unit."""
        unit = self
        for _ in range(_MOST_ORIGINS):
            yield unit, entry
            name = next((one for one in _ORIGINS if one in entry.attributes), 0)
            place = unit.entries.reference(entry, name)
            if place is None:
                return
            is_own, offset = place
            unit = unit if is_own else unit._unit_at(offset)
            entry = unit.entries.entry(offset)

    def scope(self, entry: Entry) -> Scope:
        """The namespaces, classes and functions that an entry is in, outermost first."""
        if self._scopes is None:
            self._scopes = {one.offset: scope for one, _, scope in _walk(self.entries) if scope}
        return self._scopes.get(entry.offset, ())

    def plain_name(self, entry: Entry) -> str:
        """The name that the entry itself has; "" if it has none."""
        return self.entries.string(entry.attributes.get(dw.NAME))

    def line(self, entry: Entry) -> int:
        """The line that the entry itself is declared at; 0 if it has none."""
        return self.entries.number(entry, dw.DECL_LINE) or 0

    def _call(self, entry: Entry) -> tuple[int, int]:
        file, line = (self.entries.number(entry, one) for one in (dw.CALL_FILE, dw.CALL_LINE))
        return file or 0, line or 0

    def _entry(self, entry: Entry, ranges: Ranges) -> int:
        """Where the code begins.  Source: DWARF 5, 2.18 (entry address)."""
        start = self.entries.address(entry, dw.ENTRY_PC)
        if start is None:
            return ranges[0][0]
        form, _ = entry.attributes[dw.ENTRY_PC]
        is_address = form == forms.ADDR or form in forms.INDEXED_ADDRESSES
        return start & ~1 if is_address else ranges[0][0] + start


def _walk(entries: Entries) -> Iterator[tuple[Entry, int, Scope]]:
    """Each function and inlined instance, with its depth; and what it is in, if it has a name."""
    data, sizes, table = entries.sections.info, entries.sizes, entries.abbreviations
    at, end = entries.header.first, entries.header.end
    parents: list[tuple[int, Scope]] = []
    depth = 0
    scope: Scope = ()
    while at < end:
        offset = at
        code, at = unsigned(data, at)
        if not code:
            if not parents:
                return
            depth, scope = parents.pop()
            continue
        kind = table[code]
        if not kind.is_asked:
            at = kind.pass_by(data, at, sizes)
            if kind.has_children:
                parents.append((depth, scope))
            continue
        attributes, at = kind.read(data, at, sizes)
        entry = Entry(offset, kind.tag, kind.has_children, attributes, at)
        if dw.SIBLING in attributes:
            at = _after(entries, entry)
            continue
        inner = depth
        if kind.tag in _CODE:
            inner = 0 if kind.tag == dw.SUBPROGRAM else depth + 1
            yield entry, inner, scope if dw.NAME in attributes else ()
        if kind.has_children:
            parents.append((depth, scope))
            depth, scope = inner, (*scope, entry) if kind.tag in _SCOPES else scope


def _after(entries: Entries, entry: Entry) -> int:
    """The end of an entry with all that is in it."""
    place = entries.reference(entry, dw.SIBLING)
    if place is None or place[1] < entry.end:
        raise IndexError(entry.offset)
    return place[1]


def _declared(
    origins: list[tuple[FunctionReader, Entry]],
) -> tuple[tuple[int, int], FunctionReader]:
    """File number and line of the declaration, and the unit that has this number.

    A definition repeats what differs from its declaration alone.  Source: DWARF 5, 2.14.
    """
    line = next((found for unit, one in origins if (found := unit.line(one))), 0)
    for unit, one in origins:
        file = unit.entries.number(one, dw.DECL_FILE)
        if file is not None and line:
            return (file, line), unit
    return (0, 0), origins[0][0]


def _name(origins: list[tuple[FunctionReader, Entry]]) -> str:
    """The name of the first entry that has one.

    A C++ name is complete, with namespaces and classes, and with parameters where a linker needs
    them.
    """
    for unit, entry in origins:
        found = entry.attributes
        linkage = found.get(dw.LINKAGE_NAME) or found.get(dw.MIPS_LINKAGE_NAME)
        if linkage is not None:
            return demangled(unit.entries.string(linkage))
        if dw.NAME in found:
            return _qualified(unit, entry)
    return ""


def _qualified(unit: FunctionReader, entry: Entry) -> str:
    """The name of a function without a name for the linker, as in an anonymous namespace."""
    name = unit.plain_name(entry)
    parts = [
        unit.plain_name(scope) or _unnamed(scope, name)
        for scope in unit.scope(entry)[-_MOST_SCOPES:]
    ]
    return "::".join([*parts, name])


def _unnamed(scope: Entry, member: str) -> str:
    """What a scope without a name is called: a class with a call operator is a lambda."""
    is_lambda = scope.tag in _CLASSES and member.startswith("operator()")
    return "{lambda()}" if is_lambda else _SCOPES[scope.tag]
