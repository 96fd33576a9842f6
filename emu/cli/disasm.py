"""``emu disasm``: a program's code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from emu.cli import complete
from emu.cli.command import Command
from emu.cli.errors import UserError
from emu.cli.inputs import path_of
from emu.cli.launch import load
from emu.cli.streams import note, standard_output

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile

EPILOG = """\b
Examples:
  emu disasm hello.elf
  emu disasm --function main --lines hello.elf
"""


@click.command(cls=Command, epilog=EPILOG)
@click.argument("program", metavar="PROG", type=click.Path())
@click.option(
    "--function", "functions", metavar="NAME", multiple=True, shell_complete=complete.functions,
    help="Only this function; may be repeated.",
)  # fmt: skip
@click.option("--lines", is_flag=True, help="With the source line that each piece is from.")
def command(program: str, functions: tuple[str, ...], lines: bool) -> None:
    """Disassemble the code of PROG: Arm, Thumb and the data between."""
    load(program)
    from emu.debuginfo import open_files
    from emu.views.listing import listing

    file = open_files(program, path_of=path_of, say=note).program
    spans = list(_spans(file, functions))
    with standard_output() as stream:
        for start, end in spans:
            stream.writelines(f"{line}\n" for line in listing(file, start, end, lines))


def _spans(file: DebugFile, functions: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """The addresses to disassemble: all code, or these functions."""
    if not functions:
        for section in file.sections:
            if section.is_code:
                yield section.va, section.va + section.size
    for name in functions:
        symbol = file.symbols.named(name)
        if symbol is None or not symbol.is_function:
            raise UserError(f"{file.name}: has no function {name}; emu symbols lists what it has")
        yield symbol.va, symbol.va + symbol.size
