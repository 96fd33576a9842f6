"""``emu gdb``: a machine and gdb connected to it, in one command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from emu.cli.command import Command
from emu.cli.debugger import SNAPSHOTS, served
from emu.cli.errors import UserError, user_errors
from emu.cli.launch import Launch, Streams
from emu.cli.options import GuestOptions, Size, guest_options
from emu.cli.scratch import SCRIPT, SOCKET, scratch

EPILOG = """\b
Examples:
  emu gdb prog.elf
  emu gdb prog.elf -- one two
  emu gdb --batch -x script.gdb prog.elf
  emu gdb --replay run.rec
  gdb-multiarch --data-directory "$(emu gdb --data-directory)" prog.elf
"""
BEGIN = """\
set sysroot
set detach-on-fork off
set schedule-multiple on
define goto
  monitor goto $arg0 later
  reverse-continue
end
document goto
Go to insn:N, call:N, begin or end, forwards or backwards.
end
define hook-continue
  if $_thread == 0
    inferior 1
  end
end
"""
"""What gdb is told first: executables are files of this host; children are followed, and run when
the others do; where the inferior that is selected has ended, ``continue`` is for the machine."""
DEBUGGERS = ("gdb-multiarch", "arm-none-eabi-gdb", "gdb")


def _print_data_directory(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        click.echo(_names(_find(context.params.get("debugger"))))
        context.exit()


@click.command(cls=Command, epilog=EPILOG)
@guest_options
@click.option(
    "--gdb",
    "debugger",
    metavar="COMMAND",
    is_eager=True,
    help="Which gdb, if not the first there is.",
)
@click.option(
    "--data-directory",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_data_directory,
    help="Print a data directory for gdb in which the calls have their names, and end.",
)
@click.option("-x", "scripts", metavar="FILE", multiple=True, help="Have gdb read these commands.")
@click.option("--batch", is_flag=True, help="Let gdb end when it has read them.")
@click.option("--replay", "is_replay", is_flag=True, help="PROG is a recording.")
@click.option(
    "--snapshots",
    type=Size(0, 1 << 40, 1),
    default=SNAPSHOTS,
    show_default="512M",
    help="Memory for the past; 0 for none.",
)
def command(
    guest: GuestOptions,
    debugger: str | None,
    scripts: tuple[str, ...],
    batch: bool,
    is_replay: bool,
    snapshots: int,
) -> int:
    """Start PROG under gdb: stopped before its first instruction, with its symbols.

    What the program writes comes on the same terminal; it has no input.  Processes that it
    starts are followed, unless gdb is told: set detach-on-fork on.  gdb can go back, by
    reverse-continue, reverse-step and the others.
    """
    found = _find(debugger)
    nothing = os.open(os.devnull, os.O_RDONLY)
    launch = _launch(guest, is_replay, snapshots, (nothing, 1, 2))
    with scratch() as directory:
        place = os.path.join(directory, SOCKET)
        words = [found, "-q", *(["-batch"] if batch else [])]
        words += ["--data-directory", str(_names(found))]
        begin = Path(directory, SCRIPT)
        begin.write_text(BEGIN)
        words += ["-x", str(begin), "-ex", f"target extended-remote {place}"]
        words += [word for script in scripts for word in ("-x", script)]
        with _beside(served(launch, place, snapshots), directory), _interrupts_are_gdbs():
            return subprocess.run(words, check=False).returncode


def _launch(guest: GuestOptions, is_replay: bool, snapshots: int, streams: Streams) -> Launch:
    """The machine, whose world is logged if it is to go back."""
    if is_replay:
        from emu.cli.logged import replaying_program

        return replaying_program(guest, streams)
    if not snapshots:
        return Launch(guest, streams)
    from emu.cli.logged import logged_world

    return Launch(guest, streams, logged_world)


def _find(debugger: str | None) -> str:
    """The gdb to start.  Errors: UserError."""
    found = debugger or next(filter(shutil.which, DEBUGGERS), None)
    if found is None or shutil.which(found) is None:
        raise UserError(f"{found or DEBUGGERS[0]} is not installed; on Debian: gdb-multiarch")
    return found


def _names(debugger: str) -> Path:
    from emu.conventions import DEFAULT
    from emu.gdb.names import data_directory
    from emu.sdk.library import cache_home

    with user_errors(str(cache_home())):
        return data_directory(debugger, cache_home(), DEFAULT.calls)


@contextmanager
def _beside(serve: Callable[[], int], directory: str) -> Iterator[None]:
    """While entered, another process serves, apart from the terminal; it is killed at the end.

    It ends by itself, too, when this process has ended by whatever signal; then it removes the
    directory.
    """
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.close(theirs)
            os.setsid()
            threading.Thread(target=_end_with, args=(ours, directory), daemon=True).start()
            status = serve()
        finally:
            os._exit(status)
    os.close(ours)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(theirs)


def _end_with(pipe: int, directory: str) -> None:
    """Remove a directory and end this process when the other end of a pipe is closed."""
    os.read(pipe, 1)
    shutil.rmtree(directory, ignore_errors=True)
    os._exit(1)


@contextmanager
def _interrupts_are_gdbs() -> Iterator[None]:
    """While entered, Ctrl-C is for gdb alone, which has the same terminal."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
