"""Ranges of addresses that an entry's code has.

Source: DWARF 5, 2.17 (code addresses), 7.25 (range list tables); DWARF 4, 2.17.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from emu.debuginfo import abbreviations as dw
from emu.debuginfo import forms
from emu.debuginfo.entries import Entries, Entry
from emu.debuginfo.forms import number, unsigned
from emu.debuginfo.malformed import NotUnderstoodError

Ranges = tuple[tuple[int, int], ...]

_END, _BASEX, _STARTX_ENDX, _STARTX_LENGTH, _PAIR, _BASE, _START_END, _START_LENGTH = range(8)


class RangeReader:
    """Reads the ranges of one unit's entries.

    Lists may be as long as their section, and be named by each entry, so a unit's are read as far
    as is in proportion to its size.
    """

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        self._left = 64 + 16 * (entries.header.end - entries.header.offset)

    def of(self, entry: Entry) -> Ranges:
        """The addresses of an entry's code.  Errors: LookupError in a damaged file."""
        entries = self._entries
        if dw.RANGES in entry.attributes:
            return tuple(self._listed(*entry.attributes[dw.RANGES]))
        low, high = entries.address(entry, dw.LOW_PC), entry.attributes.get(dw.HIGH_PC)
        if low is None or high is None:
            return ()
        low &= ~1  # GNU as leaves the Thumb bit in
        end = entries.address(entry, dw.HIGH_PC) or 0
        if high[0] != forms.ADDR and high[0] not in forms.INDEXED_ADDRESSES:
            end += low
        return ((low, end),) if low < end else ()

    def _listed(self, form: int, value: forms.Value) -> Iterator[tuple[int, int]]:
        assert isinstance(value, int)
        entries = self._entries
        if entries.sizes.version < 5:
            if entries.is_split:
                value += entries.number(entries.skeleton.top, dw.GNU_RANGES_BASE) or 0
            return self._before_5(value)
        if form == forms.RNGLISTX:
            base, width = self._lists_base(), entries.sizes.offset
            value = base + number(entries.sections.rnglists, base + value * width, width)
        return self._since_5(value)

    def _lists_base(self) -> int:
        """Where the unit's offsets of lists begin: in a split unit after their header."""
        entries = self._entries
        base = entries.number(entries.top, dw.RNGLISTS_BASE)
        if base is not None:
            return base
        return 12 if entries.sizes.offset == 4 else 20

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise IndexError("ranges beyond the size of their unit")

    def _before_5(self, at: int) -> Iterator[tuple[int, int]]:
        data, size, base = self._entries.sections.ranges, self._entries.sizes.address, None
        highest = (1 << 8 * size) - 1
        while True:
            self._spend()
            start, end = number(data, at, size), number(data, at + size, size)
            at += 2 * size
            if start == end == 0:
                return
            if start == highest:
                base = end
            elif start < end:
                shift = self._entries.base if base is None else base
                yield start + shift, end + shift

    def _since_5(self, at: int) -> Iterator[tuple[int, int]]:
        entries = self._entries
        data, size, base = entries.sections.rnglists, entries.sizes.address, entries.base
        while True:
            self._spend()
            kind, at = data[at], at + 1
            if kind == _END:
                return
            values = []
            for what in _operands(kind):
                if what == "address":
                    value, at = number(data, at, size), at + size
                else:
                    value, at = unsigned(data, at)
                values.append(entries.indexed(value) if what == "index" else value)
            if kind in (_BASEX, _BASE):
                base = values[0]
                continue
            start, end = values
            if kind == _PAIR:
                start, end = base + start, base + end
            elif kind in (_STARTX_LENGTH, _START_LENGTH):
                end += start
            if start < end:
                yield start, end


def _operands(kind: int) -> tuple[str, ...]:
    """What follows the kind of a list's entry."""
    found = {
        _BASEX: ("index",), _STARTX_ENDX: ("index", "index"), _STARTX_LENGTH: ("index", "length"),
        _PAIR: ("offset", "offset"), _BASE: ("address",), _START_END: ("address", "address"),
        _START_LENGTH: ("address", "length"),
    }.get(kind)  # fmt: skip
    if found is None:
        raise NotUnderstoodError(f"an entry of range lists of kind {kind:#x}")
    return found
