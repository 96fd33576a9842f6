"""Functions: those of one compilation unit and what is inlined in them, by address.

Source: DWARF 5, 3.3 (subroutine entries), 2.17 (code addresses).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from emu.debuginfo.names import demangled

_NAMES = {"DW_AT_name", "DW_AT_linkage_name"}
_ORIGINS = ("DW_AT_abstract_origin", "DW_AT_specification")
"""What an entry completes: the function that it is an instance of, or its declaration."""
_MOST_ORIGINS = 4
"""Instance, abstract instance, definition and declaration; damaged ones may go in circles."""
_FUNCTION, _INLINED = "DW_TAG_subprogram", "DW_TAG_inlined_subroutine"
_SCOPES = {
    "DW_TAG_namespace": "(anonymous namespace)", "DW_TAG_class_type": "(anonymous class)",
    "DW_TAG_structure_type": "(anonymous struct)", "DW_TAG_union_type": "(anonymous union)",
    _FUNCTION: "(anonymous function)",
}  # fmt: skip
"""What a function may be in, and what it is called where it has no name."""
_CLASSES = ("DW_TAG_class_type", "DW_TAG_structure_type")
_MOST_SCOPES = 32
Ranges = tuple[tuple[int, int], ...]


class Function(NamedTuple):
    """A function's code, or one place where it is inlined.

    depth: how many functions it is inlined in here.  call: file number and line of the call that
    was inlined, (0, 0) where it was not.  entry: the address that is executed when it begins.
    declared: file number and line of its declaration, (0, 0) if the file does not say.  files: the
    offset in .debug_info of the unit whose file numbers those are.
    """

    name: str
    ranges: Ranges
    depth: int
    call: tuple[int, int]
    entry: int
    declared: tuple[int, int]
    files: int

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
                entry, (declared, files) = _entry(child, ranges), _declared(child)
                yield Function(_name(child), ranges, inner, _call(child), entry, declared, files)
            yield from _walk(unit, child, inner)
        elif child.has_children:
            yield from _walk(unit, child, depth)


def _entry(die: Any, ranges: Ranges) -> int:
    """Where the code begins.  Source: DWARF 5, 2.18 (entry address)."""
    entry = die.attributes.get("DW_AT_entry_pc")
    if entry is None:
        return ranges[0][0]
    is_address = entry.form == "DW_FORM_addr" or entry.form.startswith("DW_FORM_addrx")
    return int(entry.value & ~1 if is_address else ranges[0][0] + entry.value)


def _declared(die: Any) -> tuple[tuple[int, int], int]:
    """File number and line of the declaration, and the unit that has this number.

    A definition repeats what differs from its declaration alone.  Source: DWARF 5, 2.14.
    """
    file = line = None
    files = die.cu.cu_offset
    for _ in range(_MOST_ORIGINS):
        if file is None and "DW_AT_decl_file" in die.attributes:
            file, files = die.attributes["DW_AT_decl_file"].value, die.cu.cu_offset
        if line is None and "DW_AT_decl_line" in die.attributes:
            line = die.attributes["DW_AT_decl_line"].value
        origin = next((one for one in _ORIGINS if one in die.attributes), None)
        if origin is None:
            break
        die = die.get_DIE_from_attribute(origin)
    return (file, line) if file is not None and line else (0, 0), files


def _call(die: Any) -> tuple[int, int]:
    place = [die.attributes.get(name) for name in ("DW_AT_call_file", "DW_AT_call_line")]
    file, line = (0 if attribute is None else attribute.value for attribute in place)
    return file, line


def _name(die: Any) -> str:
    """The entry's name, or that of the entry that it is an instance or the definition of.

    A C++ name is complete, with namespaces and classes, and with parameters where a linker needs
    them.
    """
    for _ in range(_MOST_ORIGINS):
        origin = next((one for one in _ORIGINS if one in die.attributes), None)
        if _NAMES & die.attributes.keys() or origin is None:
            break
        die = die.get_DIE_from_attribute(origin)
    linkage = die.attributes.get("DW_AT_linkage_name")
    return demangled(_text(linkage)) if linkage is not None else _qualified(die)


def _text(attribute: Any) -> str:
    return "" if attribute is None else attribute.value.decode("utf-8", "replace")


def _qualified(die: Any) -> str:
    """The name of a function without a name for the linker, as in an anonymous namespace."""
    parts = [_text(die.attributes.get("DW_AT_name"))]
    die = die.get_parent()
    while parts[0] and die is not None and len(parts) < _MOST_SCOPES:
        if die.tag in _SCOPES:
            parts.append(_text(die.attributes.get("DW_AT_name")) or _unnamed(die, parts[-1]))
        die = die.get_parent()
    return "::".join(reversed(parts))


def _unnamed(scope: Any, member: str) -> str:
    """What a scope without a name is called: a class with nothing but a call is a lambda."""
    is_lambda = scope.tag in _CLASSES and member.startswith("operator()")
    return "{lambda()}" if is_lambda else _SCOPES[scope.tag]
