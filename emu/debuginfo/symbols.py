"""The symbol table of an ELF file: names of addresses, and what is Arm, Thumb or data.

Source: System V ABI, "Symbol Table"; ARM IHI 0044, 5.5 (Arm and Thumb symbols, mapping symbols).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from emu.debuginfo.names import demangled

_ENTRY = struct.Struct("<IIIBBH")
_NOTYPE, _OBJECT, _FUNC = 0, 1, 2
_GLOBAL, _WEAK = 1, 2
_FIRST_RESERVED_SECTION = 0xFF00


class Isa(Enum):
    """What the bytes at an address are."""

    ARM = "a"
    THUMB = "t"
    DATA = "d"


class Symbol(NamedTuple):
    """A named address.  size: 0 where the file does not say.  section: its index.

    linkage: the name in the file, which C++ mangles.
    """

    linkage: str
    va: int
    size: int
    section: int
    is_function: bool
    is_global: bool

    @property
    def name(self) -> str:
        """The name as people write it."""
        return demangled(self.linkage)

    def __contains__(self, va: object) -> bool:
        return isinstance(va, int) and self.va <= va < self.va + self.size


class Symbols:
    """The symbols of one file, by address and by name."""

    def __init__(self, symtab: bytes, strtab: bytes) -> None:
        found = list(_read(symtab, strtab))
        named = (symbol for symbol in found if symbol.linkage[:1] != "$")
        self.all = tuple(sorted(named, key=_order))
        self._starts = [symbol.va for symbol in self.all]
        marks = sorted((symbol for symbol in found if _is_mark(symbol)), key=lambda mark: mark.va)
        self._marks = [mark.va for mark in marks]
        self._isas = [Isa(mark.linkage[1]) for mark in marks]

    def at(self, va: int, section: int) -> Symbol | None:
        """The symbol that holds ``va``, in this section, or else the last label before it.

        A label is a symbol of no size, as hand-written assembly has them.
        """
        label = None
        for index in range(bisect_right(self._starts, va) - 1, -1, -1):
            symbol = self.all[index]
            if symbol.section != section or (symbol.size and va not in symbol):
                break
            if symbol.size:
                return symbol
            label = label or symbol
        return label

    def named(self, name: str) -> Symbol | None:
        """The symbol of this name, mangled or not, a global one if several have it.

        ``Shape::area`` is enough for ``Shape::area() const``, if nothing is called just that.
        """
        return self._best(lambda one: name in (one.linkage, one.name)) or self._best(
            lambda one: "(" in one.name and one.name.partition("(")[0] == name
        )

    def _best(self, is_meant: Callable[[Symbol], bool]) -> Symbol | None:
        found = filter(is_meant, self.all)
        return max(found, key=lambda symbol: symbol.is_global, default=None)

    def isa(self, va: int) -> Isa | None:
        """What the mapping symbols say of ``va``; None where there are none before it."""
        index = bisect_right(self._marks, va) - 1
        return self._isas[index] if index >= 0 else None

    def next_mark(self, va: int) -> int:
        """The next address above ``va`` where the kind of bytes may change; 4 GiB for none."""
        index = bisect_right(self._marks, va)
        return self._marks[index] if index < len(self._marks) else 1 << 32


def _read(symtab: bytes, strtab: bytes) -> Iterator[Symbol]:
    for name, value, size, info, _, section in _ENTRY.iter_unpack(symtab):
        kind = info & 0xF
        if not 0 < section < _FIRST_RESERVED_SECTION or kind > _FUNC:
            continue
        text = strtab[name : strtab.index(b"\0", name)].decode("utf-8", "replace")
        va = value & ~1 if kind == _FUNC else value  # bit 0 of a function says Thumb
        yield Symbol(text, va, size, section, kind == _FUNC, info >> 4 in (_GLOBAL, _WEAK))


def _is_mark(symbol: Symbol) -> bool:
    """Mapping symbols are ``$a``, ``$t``, ``$d``, perhaps followed by a dot and more."""
    return symbol.linkage[:2] in ("$a", "$t", "$d") and symbol.linkage[2:3] in ("", ".")


def _order(symbol: Symbol) -> tuple[int, bool, bool, str]:
    """By address; of several at one address the best name comes last."""
    return symbol.va, symbol.size > 0, symbol.is_global, symbol.linkage
