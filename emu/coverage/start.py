"""Begins to measure coverage; the file is written when the run is over."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.coverage.executed import ExecutionCounter
from emu.execution.code import Code

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.machine import Machine

FORMATS = ("lcov", "drcov")


class CoverageError(Exception):
    """Coverage cannot be measured: one line for the user."""


def format_for(path: str) -> str:
    """The format that a file's name asks for."""
    return "drcov" if path.endswith(".drcov") else "lcov"


def begin_coverage(
    machine: Machine, path: str, format_: str, files: DebugFiles, note: Callable[[str], None]
) -> Callable[[], None]:
    """Watch a machine that has not run yet; the result writes the file.

    note: told in one line if it cannot be written then.  Errors: CoverageError, OSError.
    """
    if format_ == "lcov" and files.program.units is None:
        raise CoverageError(f"{files.program.name} has no line numbers: compile it with -g")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    counter = ExecutionCounter(Code.of(machine, files))
    machine.observers.add(counter)

    def end() -> None:
        machine.observers.remove(counter)
        counter.finish()
        try:
            with os.fdopen(fd, "wb") as stream:
                stream.write(_contents(counter, format_))
        except OSError as error:
            note(f"{path}: {error.strerror}: there is no coverage")

    return end


def _contents(counter: ExecutionCounter, format_: str) -> bytes:
    if format_ == "drcov":
        from emu.coverage.drcov import drcov

        return drcov(counter.spans())
    from emu.coverage.lcov import lcov

    return lcov(counter.spans()).encode()
