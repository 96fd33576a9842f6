"""The units of ``.debug_info``, and their entries one by one.

Nothing is kept of an entry that has been passed by: most are types and variables, which nobody
asks for here.  Source: DWARF 5, 7.5 (format of debugging information), 3.1 (unit entries).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from emu.debuginfo import abbreviations as dw
from emu.debuginfo import forms
from emu.debuginfo.abbreviations import Abbreviations, Attributes
from emu.debuginfo.forms import Sizes, Value, number, text, unsigned
from emu.debuginfo.malformed import NotUnderstoodError
from emu.debuginfo.sections import Sections

ESCAPE = 0xFFFFFFFF
"""The length of a 64-bit contribution, which the true length follows.  Source: DWARF 5, 7.4."""

_TYPE, _SKELETON, _SPLIT, _SPLIT_TYPE = 0x02, 0x04, 0x05, 0x06
_VERSIONS = range(2, 6)


class Header(NamedTuple):
    """Where a unit is in its section, and how it is encoded.

    kind: DW_UT_, 0 before DWARF 5.  first: of its entries.  identity: what ties a skeleton to the
    unit that was split off, or None.
    """

    offset: int
    end: int
    sizes: Sizes
    kind: int
    abbreviations: int
    first: int
    identity: int | None

    @property
    def has_code(self) -> bool:
        return self.kind not in (_TYPE, _SPLIT_TYPE)


def headers(info: bytes) -> Iterator[Header | NotUnderstoodError]:
    """Every unit's header; an error in place of one that is not understood.

    Errors: IndexError where the section is damaged.
    """
    at = 0
    while at < len(info):
        start, width, length = at, 4, number(info, at, 4)
        if length == ESCAPE:
            width, length = 8, number(info, at + 4, 8)
        at += 4 if width == 4 else 12
        end = at + length
        if end > len(info):
            raise IndexError(end)
        version = number(info, at, 2)
        if version in _VERSIONS:
            yield _header(info, start, end, at + 2, version, width)
        else:
            yield NotUnderstoodError(f"version {version}")
        at = end


def _header(info: bytes, start: int, end: int, at: int, version: int, width: int) -> Header:
    kind, identity = 0, None
    if version >= 5:
        kind, address, offset = info[at], info[at + 1], number(info, at + 2, width)
        at += 2 + width
        if kind in (_SKELETON, _SPLIT):
            identity, at = number(info, at, 8), at + 8
        elif kind in (_TYPE, _SPLIT_TYPE):
            at += 8 + width
    else:
        offset, address = number(info, at, width), info[at + width]
        at += width + 1
    return Header(start, end, Sizes(version, address, width), kind, offset, at, identity)


class Entry(NamedTuple):
    """One entry.  end: where the next one begins, if there is one."""

    offset: int
    tag: int
    has_children: bool
    attributes: Attributes
    end: int


class Entries:
    """The entries of one unit.

    skeleton: the unit in the program, if this one was split off from it: it has the addresses.
    """

    def __init__(self, sections: Sections, header: Header, skeleton: Entries | None = None) -> None:
        self.sections, self.header, self.sizes = sections, header, header.sizes
        self.skeleton = skeleton or self
        self.is_split = skeleton is not None

    @cached_property
    def abbreviations(self) -> Abbreviations:
        return Abbreviations(self.sections.abbrev, self.header.abbreviations, self.sizes)

    @cached_property
    def top(self) -> Entry:
        """The entry of the unit itself."""
        return self.entry(self.header.first)

    def forget(self) -> None:
        """Let go of what is read again when it is asked for."""
        self.__dict__.pop("abbreviations", None)

    def entry(self, offset: int) -> Entry:
        """The entry at an offset in the section.  Errors: LookupError outside of the unit."""
        if not self.header.first <= offset < self.header.end:
            raise IndexError(offset)
        code, at = unsigned(self.sections.info, offset)
        kind = self.abbreviations[code]
        attributes, end = kind.read(self.sections.info, at, self.sizes)
        return Entry(offset, kind.tag, kind.has_children, attributes, end)

    # Values of attributes

    def string(self, attribute: tuple[int, Value] | None) -> str:
        """A string; "" for None."""
        return "" if attribute is None else self._string(*attribute).decode("utf-8", "replace")

    def _string(self, form: int, value: Value) -> bytes:
        if isinstance(value, bytes):
            return value
        if form == forms.LINE_STRP:
            return text(self.sections.line_str, value)
        if form in forms.INDEXED_STRINGS:
            width = self.sizes.offset
            at = self._strings_base + value * width
            value = number(self.sections.str_offsets, at, width)
        elif form != forms.STRP:
            raise NotUnderstoodError(f"a string of form {form:#x}")
        return text(self.sections.str, value)

    @cached_property
    def _strings_base(self) -> int:
        """Where the unit's offsets of strings begin: in a split unit after their header."""
        base = self.number(self.top, dw.STR_OFFSETS_BASE)
        if base is not None or not self.is_split or self.sizes.version < 5:
            return base or 0
        return 2 * self.sizes.offset

    def number(self, entry: Entry, name: int) -> int | None:
        """A constant or an offset; None if the entry has no such attribute."""
        _, value = entry.attributes.get(name, (0, None))
        return value if isinstance(value, int) else None

    def address(self, entry: Entry, name: int) -> int | None:
        """An address; None if the entry has no such attribute."""
        form, value = entry.attributes.get(name, (0, None))
        if not isinstance(value, int):
            return None
        return self.indexed(value) if form in forms.INDEXED_ADDRESSES else value

    def indexed(self, index: int) -> int:
        """An address by its place in ``.debug_addr``."""
        at = self._addresses_base + index * self.sizes.address
        return number(self.sections.addr, at, self.sizes.address)

    @cached_property
    def _addresses_base(self) -> int:
        top = self.skeleton.top
        return self.number(top, dw.ADDR_BASE) or self.number(top, dw.GNU_ADDR_BASE) or 0

    @cached_property
    def base(self) -> int:
        """What ranges are relative to."""
        return self.skeleton.address(self.skeleton.top, dw.LOW_PC) or 0

    def reference(self, entry: Entry, name: int) -> tuple[bool, int] | None:
        """The offset of the entry that an attribute names, and whether it is in this unit."""
        form, value = entry.attributes.get(name, (0, None))
        if not isinstance(value, int):
            return None
        if form in forms.LOCAL_REFERENCES:
            return True, self.header.offset + value
        if form != forms.REF_ADDR:
            raise NotUnderstoodError(f"a reference of form {form:#x}")
        return self.header.first <= value < self.header.end, value
