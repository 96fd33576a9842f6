"""Measuring coverage of a run; the file is written when the run is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from emu.coverage.executed import ExecutionCounter
from emu.coverage.sources import SourceFiles
from emu.execution.attach import attach
from emu.execution.code import Code
from emu.execution.resultfile import ResultFile

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.machine import Machine


class CoverageError(Exception):
    """Coverage cannot be measured: one line for the user."""


def format_for(path: str) -> str:
    """The format that a file's name asks for."""
    return "drcov" if path.endswith(".drcov") else "lcov"


def begin_coverage(
    machine: Machine,
    path: str,
    format_: str,
    files: DebugFiles,
    note: Callable[[str], None],
    directories: Sequence[str] = (),
) -> Callable[[], None]:
    """Count what executes in a run that has not begun; the function returned ends that.

    note: called with one line if the file cannot be written then, or if sources were not found.
    directories: where to look for sources too.  Errors: CoverageError, OSError.
    """
    if format_ == "lcov" and files.program.units is None:
        raise CoverageError(f"{files.program.name} has no line numbers: compile it with -g")
    file = ResultFile(path, "coverage", note)
    counter = ExecutionCounter(Code.of(machine, files))
    sources = SourceFiles(directories)

    def finished() -> None:
        is_written = file.write(lambda: _contents(counter, format_, sources))
        if is_written and sources.missing:
            note(
                f"coverage: left out {len(sources.missing)} source files that are not here, as "
                f"{min(sources.missing)}; --coverage-source DIR says where they are"
            )

    return attach(machine, [counter.blocks], finished)


def _contents(counter: ExecutionCounter, format_: str, sources: SourceFiles) -> bytes:
    if format_ == "drcov":
        from emu.coverage.drcov import drcov

        return drcov(counter.spans())
    from emu.coverage.lcov import lcov

    return lcov(counter.spans(), sources.find).encode()
