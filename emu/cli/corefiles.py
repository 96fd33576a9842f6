"""Core files of the command line: ``--core``, for the process that a fault ends."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, ClassVar

import click

from emu.cli.debugger import DebuggerOptions
from emu.cli.errors import UserError, user_errors
from emu.cli.inputs import path_of
from emu.cli.launch import Launch
from emu.cli.streams import note
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.observers import Observer
from kernel_model.abi import NO_ID
from kernel_model.events import ProcessEnded
from kernel_model.process import Faulted, Process

core_option = click.option(
    "--core",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    default=None,
    help="Write there a core file, for gdb, of the process that a fault ends.",
)


def check_core(path: str | None, debugger: DebuggerOptions) -> None:
    """Errors: UserError, for a core file and a debugger, which writes them itself."""
    if path is not None and debugger.gdb is not None:
        raise UserError("--core and --gdb cannot be used together: gdb has generate-core-file")


@contextmanager
def cores(launch: Launch, path: str | None) -> Iterator[None]:
    """While entered, a fault that ends a process has a core file written to this path, if any.

    The file is that of the last process that faulted so: of proc0, if the run ends by that.
    Errors: as of ``core_file``, which is opened now.
    """
    if path is None:
        yield
        return
    with core_file(launch, path) as stream:
        writer = _CoreWriter(launch, path, stream)
        launch.machine.observers.add(writer)
        try:
            yield
        finally:
            launch.machine.observers.remove(writer)


@contextmanager
def core_file(launch: Launch, path: str) -> Iterator[BinaryIO]:
    """A file for a core.  What is in it stays until that is written; a new empty one is removed.

    Errors: UserError, for a path without such a file, or with the program.
    """
    is_new = not os.path.lexists(path)
    with user_errors(path):
        stream = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK, 0o600), "wb")
    with stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise UserError(f"{path}: is not a regular file")
        if any(os.path.samefile(path, path_of(name)) for name in _files(launch)):
            raise UserError(f"{path}: is the program; a core file would take its place")
        try:
            yield stream
        finally:
            if is_new and not os.fstat(stream.fileno()).st_size:
                os.unlink(path)


def write_core_file(
    launch: Launch, stream: BinaryIO, process: Process, fault: MachineFault | None
) -> None:
    """Replace what is in the file by a core of a process.  Errors: OSError."""
    from emu.corefile import read_programs, write_core

    programs = read_programs(_files(launch), path_of)
    stream.seek(0)
    stream.truncate()
    write_core(stream, launch.machine, process, programs, fault)
    stream.flush()


def _files(launch: Launch) -> list[str]:
    return [launch.guest.program, *launch.guest.symbols]


class _CoreWriter(Observer):
    """Writes the core file, after the report of the fault."""

    rank: ClassVar[int] = 2

    def __init__(self, launch: Launch, path: str, stream: BinaryIO) -> None:
        self._launch, self._path, self._stream = launch, path, stream
        self._told: dict[int, MachineFault] = {}

    def faulted(self, core: Core, fault: MachineFault) -> None:  # noqa: ARG002
        if self._launch.machine.kernel.processes[fault.pid].handler == NO_ID:
            self._write(fault)
        else:
            self._told[fault.pid] = fault

    def process_ended(self, event: ProcessEnded) -> None:
        """Write the file of a process that its handler ends, too, or that loses its handler."""
        fault = self._told.pop(event.pid, None)
        if fault is not None and isinstance(event.ending, Faulted):
            self._write(fault)

    def _write(self, fault: MachineFault) -> None:
        process = self._launch.machine.kernel.processes[fault.pid]
        try:
            write_core_file(self._launch, self._stream, process, fault)
        except OSError as error:
            note(f"{self._path}: {error.strerror}")
        else:
            note(f"the core file of process {fault.pid} is {self._path}")
