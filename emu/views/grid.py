"""Grids of text: plain and always the same in files and pipes, coloured on a terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple, TextIO

_WIDEST = 200
"""Characters in a line on a terminal: a narrower one breaks lines and loses nothing."""


class Column(NamedTuple):
    """A column.  right: its cells are aligned to the right.  style: for rich."""

    title: str
    right: bool = False
    style: str = ""


class Grid(NamedTuple):
    """Rows of text in columns, under a heading."""

    heading: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[str, ...]]


def write_grids(grids: Sequence[Grid], stream: TextIO) -> None:
    """Write grids, in colours if the terminal has them and NO_COLOR is not set."""
    if stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown"):
        _write_rich(grids, stream)
    else:
        stream.write("\n".join(grid_text(grid) for grid in grids))


def grid_text(grid: Grid) -> str:
    """A grid as plain text, one line per row, without spaces at the ends of lines."""
    titles = tuple(column.title for column in grid.columns)
    cells = [titles, *grid.rows] if any(titles) else list(grid.rows)
    widths = [max((len(row[n]) for row in cells), default=0) for n in range(len(grid.columns))]
    lines = [grid.heading]
    for row in cells:
        padded = (
            cell.rjust(width) if column.right else cell.ljust(width)
            for cell, width, column in zip(row, widths, grid.columns, strict=True)
        )
        lines.append("  " + "  ".join(padded).rstrip())
    return "\n".join(lines) + "\n"


def _write_rich(grids: Sequence[Grid], stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, highlight=False, width=_WIDEST)
    for grid in grids:
        table = Table(
            title=Text(grid.heading, style="bold"),
            title_justify="left",
            box=None,
            show_header=any(column.title for column in grid.columns),
        )
        for column in grid.columns:
            table.add_column(
                column.title,
                justify="right" if column.right else "left",
                style=column.style,
                no_wrap=True,
            )
        for row in grid.rows:
            table.add_row(*map(Text, row))
        console.print(table)


def size_text(size: int) -> str:
    """Bytes in the largest unit that divides them: ``16K``, ``8M``, ``0x123``."""
    for unit, letter in ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")):
        if size and size % unit == 0:
            return f"{size // unit}{letter}"
    return f"{size:#x}"
