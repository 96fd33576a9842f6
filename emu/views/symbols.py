"""``emu symbols``: a program's symbols as text and as data."""

from __future__ import annotations

from typing import NamedTuple

from emu.debuginfo import DebugFile, Isa, Symbol
from emu.views.grid import Column, Grid

_COLUMNS = (
    Column("address", style="cyan"), Column("size", right=True), Column("what"),
    Column("name", style="green"), Column("where"),
)  # fmt: skip


class Row(NamedTuple):
    """A symbol.  what: ``arm``, ``thumb``, ``data`` or ``label``.  file: "" where not known."""

    va: int
    size: int
    what: str
    name: str
    file: str
    line: int


def symbol_rows(file: DebugFile) -> list[Row]:
    """The symbols of a file that have an address in memory, by address."""
    return [_row(file, symbol) for symbol in file.symbols.all if symbol.name]


def _row(file: DebugFile, symbol: Symbol) -> Row:
    line = file.line(symbol.va) if file.is_code(symbol.va) else None
    where = ("", 0) if line is None else line
    return Row(symbol.va, symbol.size, _what(file, symbol), symbol.name, *where)


def _what(file: DebugFile, symbol: Symbol) -> str:
    if symbol.is_function:
        return "arm" if file.isa(symbol.va) is Isa.ARM else "thumb"
    return "data" if symbol.size else "label"


def symbol_grid(program: str, rows: list[Row]) -> Grid:
    """The symbols, one row each."""
    return Grid(
        f"{program}: {len(rows)} symbols",
        _COLUMNS,
        [
            (f"{row.va:#010x}", f"{row.size:#x}", row.what, row.name,
             f"{row.file}:{row.line}" if row.file else "")
            for row in rows
        ],
    )  # fmt: skip
