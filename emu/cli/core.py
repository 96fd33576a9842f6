"""``--core``: a core file of the process that a fault ends."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, ClassVar

from emu.cli.errors import UserError, user_errors
from emu.cli.inputs import path_of
from emu.cli.launch import Launch
from emu.cli.streams import note
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.observers import Observer
from kernel_model.abi import NO_ID


@contextmanager
def cores(launch: Launch, path: str | None) -> Iterator[None]:
    """While entered, a fault that no handler takes has a core file written to this path, if any.

    The file is that of the last process that faulted so: of proc0, if the run ends by that.
    What is in the file already stays until then.  Errors: UserError, for a path without such a
    file, which is opened now.
    """
    if path is None:
        yield
        return
    is_new = not os.path.lexists(path)
    with user_errors(path):
        stream = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK, 0o600), "wb")
    with stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise UserError(f"{path}: is not a regular file")
        writer = _CoreWriter(launch, path, stream)
        launch.machine.observers.add(writer)
        try:
            yield
        finally:
            launch.machine.observers.remove(writer)
            if is_new and not writer.is_written:
                os.unlink(path)


class _CoreWriter(Observer):
    """Writes the core file, after the report of the fault.

    is_written: whether it has done so.
    """

    rank: ClassVar[int] = 2

    def __init__(self, launch: Launch, path: str, stream: BinaryIO) -> None:
        self._launch, self._path, self._stream = launch, path, stream
        self.is_written = False

    def faulted(self, core: Core, fault: MachineFault) -> None:  # noqa: ARG002
        process = self._launch.machine.kernel.processes[fault.pid]
        if process.handler != NO_ID:
            return
        from emu.corefile import read_programs, write_core

        machine, guest = self._launch.machine, self._launch.guest
        self.is_written = True
        try:
            programs = read_programs([guest.program, *guest.symbols], path_of)
            self._stream.seek(0)
            self._stream.truncate()
            write_core(self._stream, machine, process, programs, fault)
            self._stream.flush()
        except OSError as error:
            note(f"{self._path}: {error.strerror}")
        else:
            note(f"the core file of process {fault.pid} is {self._path}")
