"""Names of addresses, in the program and in the programs that it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles


class Symbols(Mapping[str, int]):
    """The program's functions and variables: their addresses (va) by name."""

    def __init__(self, debug: Callable[[], DebugFiles]) -> None:
        self._debug = debug

    def __getitem__(self, name: str) -> int:
        symbol = self._debug().program.symbols.named(name)
        if symbol is None:
            raise KeyError(name)
        return symbol.va

    def __iter__(self) -> Iterator[str]:
        names = (symbol.name for symbol in self._debug().program.symbols.all if symbol.name)
        return iter(dict.fromkeys(names))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def at(self, va: int) -> str:
        """The address as ``main+0x12``, or in hexadecimal where no symbol covers it."""
        return self._debug().program.place(va).in_symbol

    def line(self, va: int) -> str:
        """The source line, as ``main.c:12``; "" where the file does not tell it."""
        line = self._debug().program.line(va)
        return "" if line is None else str(line)
