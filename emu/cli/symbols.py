"""``emu symbols``: the functions and variables of a program, and their sources."""

from __future__ import annotations

import click

from emu.cli.command import Command
from emu.cli.inputs import path_of
from emu.cli.launch import load
from emu.cli.streams import note, standard_output, write_json

EPILOG = """\b
Examples:
  emu symbols hello.elf
  emu symbols hello.elf | sort -k 2          by size
  emu symbols --json hello.elf
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("program", metavar="PROG", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(program: str, as_json: bool) -> None:
    """List what PROG's symbol table names, by address, with the source line of each function."""
    load(program)
    from emu.debuginfo import open_files
    from emu.views.grid import write_grids
    from emu.views.symbols import symbol_grid, symbol_rows

    rows = symbol_rows(open_files(program, path_of=path_of, say=note).program)
    with standard_output() as stream:
        if as_json:
            write_json({"symbols": [row._asdict() for row in rows]}, stream)
        else:
            write_grids([symbol_grid(program, rows)], stream)
