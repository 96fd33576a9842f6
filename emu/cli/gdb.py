"""``emu gdb``: a machine and gdb at it, in one command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

import click

from emu.cli.command import Command
from emu.cli.errors import UserError
from emu.cli.launch import load

EPILOG = """\b
Examples:
  emu gdb prog.elf
  emu gdb prog.elf -- one two
  emu gdb --batch -x script.gdb prog.elf
"""
DEBUGGERS = ("gdb-multiarch", "arm-none-eabi-gdb", "gdb")


@click.command(cls=Command, epilog=EPILOG)
@click.argument("program", metavar="PROG", type=click.Path())
@click.argument("arguments", metavar="[-- ARGS...]", nargs=-1, type=click.UNPROCESSED)
@click.option("--gdb", "debugger", metavar="COMMAND", help="Which gdb, if not the first there is.")
@click.option("-x", "scripts", metavar="FILE", multiple=True, help="Have gdb read these commands.")
@click.option("--batch", is_flag=True, help="Let gdb end when it has read them.")
def command(
    program: str,
    arguments: tuple[str, ...],
    debugger: str | None,
    scripts: tuple[str, ...],
    batch: bool,
) -> int:
    """Start PROG under gdb: stopped before its first instruction, with its symbols.

    What the program writes comes on the same terminal; it has no input.
    """
    load(program)
    found = debugger or next(filter(shutil.which, DEBUGGERS), None)
    if found is None or shutil.which(found) is None:
        raise UserError(f"{found or DEBUGGERS[0]} is not installed; on Debian: gdb-multiarch")
    with TemporaryDirectory(prefix="emu-") as directory:
        place = os.path.join(directory, "gdb")
        machine = subprocess.Popen(
            [sys.executable, "-m", "emu", "run", "--gdb", place, program, "--", *arguments],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            while not os.path.exists(place) and machine.poll() is None:
                time.sleep(0.02)
            words = [found, "-q", *(["-batch"] if batch else [])]
            words += ["-ex", f"target extended-remote {place}"]
            words += [word for script in scripts for word in ("-x", script)]
            return subprocess.run(words, check=False).returncode
        finally:
            machine.terminate()
            machine.wait()
