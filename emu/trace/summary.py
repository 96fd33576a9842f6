"""``--summary``: the calls made, how many failed, and the time they took, as strace -c has it."""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

import time
from typing import NamedTuple

from emu.decoding import semihosting as semihost
from emu.machine.core import Core
from emu.machine.history import KernelEntry
from emu.machine.observers import Observer, Words
from kernel_model.call import CallRow
from kernel_model.errors import Refused
from kernel_model.process import Process


class Row(NamedTuple):
    """The figures of one call.  seconds: the host's time for the kernel's answers."""

    name: str
    calls: int
    errors: int
    seconds: float


class Summary(Observer):
    """Counts calls and their errors, and takes the host's time."""

    def __init__(self) -> None:
        self._calls: dict[str, int] = {}
        self._errors: dict[str, int] = {}
        self._seconds: dict[str, float] = {}
        self._began = 0.0

    def calling(self, core: Core, process: Process, call: CallRow, words: Words) -> None:
        self._began = time.perf_counter()

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        self._count(call.name)

    def refused(self, process: Process, entry: KernelEntry, refusal: Refused) -> None:
        """Count an error, told at once or after the call had waited."""
        self._errors[entry.call.name] = self._errors.get(entry.call.name, 0) + 1

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        self._began = time.perf_counter()

    def semihosted(self, core: Core, process: Process, operation: int, result: int) -> None:
        name = semihost.operation_name(operation)
        self._count(name)
        if result == -1 and semihost.may_fail(operation):
            self._errors[name] = self._errors.get(name, 0) + 1

    def _count(self, name: str) -> None:
        self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - self._began
        self._calls[name] = self._calls.get(name, 0) + 1

    def rows(self) -> list[Row]:
        """The calls that were made, the one that took most time first."""
        found = [
            Row(name, count, self._errors.get(name, 0), self._seconds[name])
            for name, count in self._calls.items()
        ]
        return sorted(found, key=lambda row: (-row.seconds, row.name))


def summary_text(summary: Summary) -> str:
    """A line for each call, and a last line for all."""
    rows = summary.rows()
    everything = Row(
        "all", sum(row.calls for row in rows), sum(row.errors for row in rows),
        sum(row.seconds for row in rows),
    )  # fmt: skip
    lines = [f"  {'call':<18} {'calls':>10} {'errors':>10} {'time':>10} {'each':>10}  share"]
    for row in (*rows, everything):
        each = row.seconds / row.calls if row.calls else 0.0
        share = row.seconds / everything.seconds if everything.seconds else 0.0
        errors = f"{row.errors:,}" if row.errors else ""
        lines.append(
            f"  {row.name:<18} {row.calls:>10,} {errors:>10} {_time(row.seconds):>10} "
            f"{_time(each):>10} {share:>6.1%}"
        )
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e6:,.1f} us"
