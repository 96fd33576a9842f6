"""Abbreviations: what the entries of a unit consist of, and how to pass by what nobody asks for.

Source: DWARF 5, 7.5.3 (abbreviations tables).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from emu.debuginfo import forms
from emu.debuginfo.forms import Sizes, Value, signed, unsigned, value_of

CLASS_TYPE, LEXICAL_BLOCK, COMPILE_UNIT, STRUCTURE_TYPE, UNION_TYPE = 0x02, 0x0B, 0x11, 0x13, 0x17
INLINED_SUBROUTINE, SUBPROGRAM, NAMESPACE, PARTIAL_UNIT = 0x1D, 0x2E, 0x39, 0x3C
SKELETON_UNIT = 0x4A

SIBLING, NAME, STMT_LIST, LOW_PC, HIGH_PC, COMP_DIR = 0x01, 0x03, 0x10, 0x11, 0x12, 0x1B
ABSTRACT_ORIGIN, DECL_FILE, DECL_LINE, SPECIFICATION = 0x31, 0x3A, 0x3B, 0x47
ENTRY_PC, RANGES, CALL_FILE, CALL_LINE, LINKAGE_NAME = 0x52, 0x55, 0x58, 0x59, 0x6E
STR_OFFSETS_BASE, ADDR_BASE, RNGLISTS_BASE, DWO_NAME = 0x72, 0x73, 0x74, 0x76
MIPS_LINKAGE_NAME, GNU_DWO_NAME, GNU_DWO_ID = 0x2007, 0x2130, 0x2131
GNU_RANGES_BASE, GNU_ADDR_BASE = 0x2132, 0x2133

_UNIT: Final = frozenset((
    NAME, STMT_LIST, LOW_PC, HIGH_PC, COMP_DIR, RANGES, STR_OFFSETS_BASE, ADDR_BASE, RNGLISTS_BASE,
    DWO_NAME, GNU_DWO_NAME, GNU_DWO_ID, GNU_RANGES_BASE, GNU_ADDR_BASE,
))  # fmt: skip
_CODE: Final = frozenset((
    NAME, LINKAGE_NAME, MIPS_LINKAGE_NAME, ABSTRACT_ORIGIN, SPECIFICATION, LOW_PC, HIGH_PC, RANGES,
    ENTRY_PC, DECL_FILE, DECL_LINE, CALL_FILE, CALL_LINE,
))  # fmt: skip
_SCOPE: Final = frozenset((NAME,))
_ASKED: Final = {
    COMPILE_UNIT: _UNIT, PARTIAL_UNIT: _UNIT, SKELETON_UNIT: _UNIT,
    SUBPROGRAM: _CODE, INLINED_SUBROUTINE: _CODE,
    NAMESPACE: _SCOPE, CLASS_TYPE: _SCOPE, STRUCTURE_TYPE: _SCOPE, UNION_TYPE: _SCOPE,
}  # fmt: skip
"""The attributes that are read, by the tag of the entry."""

_LEAF_TYPES: Final = frozenset((0x01, 0x04, 0x15, 0x48, 0x4109))
"""Arrays, enumerations, types of functions, and calls: with no code below, they are passed by."""
_COUNTED: Final = frozenset((forms.EXPRLOC, forms.BLOCK))

Attributes = dict[int, tuple[int, Value]]
"""Form and value by attribute."""


class Step(NamedTuple):
    """What to do next in an entry: pass by bytes, then read one attribute, if there is one more.

    asked: 0 where only the attribute's end is wanted.  implied: the value of implicit constants.
    """

    skip: int
    form: int
    asked: int
    implied: int


class Abbreviation(NamedTuple):
    """The form of one kind of entry.  is_asked: whether anything of it is."""

    tag: int
    has_children: bool
    is_asked: bool
    steps: tuple[Step, ...]

    def read(self, data: bytes, at: int, sizes: Sizes) -> tuple[Attributes, int]:
        """The attributes that are asked for, and where the entry ends."""
        found: Attributes = {}
        for skip, form, asked, implied in self.steps:
            at += skip
            if form == forms.IMPLICIT_CONST:
                found[asked] = form, implied
            elif form:
                kind, value, at = value_of(form, data, at, sizes)
                if asked:
                    found[asked] = kind, value
        return found, at

    def pass_by(self, data: bytes, at: int, sizes: Sizes) -> int:
        """Where an entry ends of which nothing is asked for."""
        for skip, form, _, _ in self.steps:
            at += skip
            if form in _COUNTED:
                length, at = unsigned(data, at)
                at += length
            elif form:
                _, _, at = value_of(form, data, at, sizes)
        return at


class Abbreviations:
    """One table, read as far as it was needed."""

    def __init__(self, data: bytes, offset: int, sizes: Sizes) -> None:
        self._data, self._at, self._sizes = data, offset, sizes
        self._found: dict[int, Abbreviation] = {}

    def __getitem__(self, code: int) -> Abbreviation:
        """Errors: KeyError."""
        while code not in self._found and self._at >= 0:
            self._read_one()
        return self._found[code]

    def _read_one(self) -> None:
        data = self._data
        code, at = unsigned(data, self._at)
        if code == 0:
            self._at = -1
            return
        tag, at = unsigned(data, at)
        attributes: list[tuple[int, int, int]] = []
        has_children, at = data[at], at + 1
        while True:
            name, at = unsigned(data, at)
            form, at = unsigned(data, at)
            implied = 0
            if form == forms.IMPLICIT_CONST:
                implied, at = signed(data, at)
            if not name and not form:
                break
            attributes.append((name, form, implied))
        self._at = at
        steps = _steps(tag, attributes, self._sizes)
        is_asked = tag in _ASKED or any(step.asked for step in steps)
        self._found.setdefault(code, Abbreviation(tag, bool(has_children), is_asked, steps))


def _steps(tag: int, attributes: list[tuple[int, int, int]], sizes: Sizes) -> tuple[Step, ...]:
    asked = _ASKED.get(tag, frozenset((SIBLING,)) if tag in _LEAF_TYPES else frozenset())
    steps: list[Step] = []
    skip = 0
    for name, form, implied in attributes:
        size = sizes.fixed.get(form)
        if name in asked:
            steps.append(Step(skip, form, name, implied))
        elif size is not None:
            skip += size
            continue
        else:
            steps.append(Step(skip, form, 0, 0))
        skip = 0
    if skip:
        steps.append(Step(skip, 0, 0, 0))
    return tuple(steps)
