"""Functions: those of one compilation unit and what is inlined in them, by address.

Source: DWARF 5, 3.3 (subroutine entries), 2.17 (code addresses).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from emu.debuginfo.names import demangled

_NAMES = {"DW_AT_name", "DW_AT_linkage_name"}
_FUNCTION, _INLINED = "DW_TAG_subprogram", "DW_TAG_inlined_subroutine"
Ranges = tuple[tuple[int, int], ...]


class Function(NamedTuple):
    """A function's code, or one place where it is inlined.

    depth: how many functions it is inlined in here.  call: file number and line of the call that
    was inlined, (0, 0) where it was not.
    """

    name: str
    ranges: Ranges
    depth: int
    call: tuple[int, int]

    def __contains__(self, va: object) -> bool:
        return isinstance(va, int) and any(start <= va < end for start, end in self.ranges)


def functions_of(unit: Any) -> list[Function]:
    """Every function of a unit that has code, in the order of the entries: outer before inner."""
    return list(_walk(unit, unit.get_top_DIE(), 0))


def chain(functions: list[Function], va: int) -> list[Function]:
    """The function at ``va`` and what is inlined there, innermost first.

    Code that has several names, as in hand-written assembly, gets the last one.
    """
    found = {function.depth: function for function in functions if va in function}
    return [found[depth] for depth in sorted(found, reverse=True)]


def code_ranges(unit: Any, die: Any) -> Ranges:
    """The addresses of an entry's code."""
    attributes = die.attributes
    if "DW_AT_ranges" in attributes:
        return tuple(_listed(unit, attributes["DW_AT_ranges"].value))
    if "DW_AT_low_pc" not in attributes or "DW_AT_high_pc" not in attributes:
        return ()
    low = attributes["DW_AT_low_pc"].value & ~1  # GNU as leaves the Thumb bit in
    high = attributes["DW_AT_high_pc"]
    end = high.value if high.form == "DW_FORM_addr" else low + high.value
    return ((low, end),) if low < end else ()


def _listed(unit: Any, offset: int) -> Iterator[tuple[int, int]]:
    lists = unit.dwarfinfo.range_lists()
    low = unit.get_top_DIE().attributes.get("DW_AT_low_pc")
    base = 0 if low is None else low.value
    for entry in lists.get_range_list_at_offset(offset, unit):
        if hasattr(entry, "base_address"):
            base = entry.base_address
        elif entry.begin_offset < entry.end_offset:
            shift = 0 if entry.is_absolute else base
            yield entry.begin_offset + shift, entry.end_offset + shift


def _walk(unit: Any, die: Any, depth: int) -> Iterator[Function]:
    for child in die.iter_children():
        if child.tag in (_FUNCTION, _INLINED):
            inner = 0 if child.tag == _FUNCTION else depth + 1
            ranges = code_ranges(unit, child)
            if ranges:
                yield Function(_name(child), ranges, inner, _call(child))
            yield from _walk(unit, child, inner)
        elif child.has_children:
            yield from _walk(unit, child, depth)


def _call(die: Any) -> tuple[int, int]:
    place = [die.attributes.get(name) for name in ("DW_AT_call_file", "DW_AT_call_line")]
    file, line = (0 if attribute is None else attribute.value for attribute in place)
    return file, line


def _name(die: Any) -> str:
    """The entry's name, or that of the entry that it is an instance or the definition of.

    A C++ name is complete, with namespaces, classes and parameters.
    """
    for attribute in ("DW_AT_abstract_origin", "DW_AT_specification"):
        if not _NAMES & die.attributes.keys() and attribute in die.attributes:
            die = die.get_DIE_from_attribute(attribute)
    attributes = die.attributes
    name = attributes.get("DW_AT_linkage_name") or attributes.get("DW_AT_name")
    return "" if name is None else demangled(name.value.decode("utf-8", "replace"))
