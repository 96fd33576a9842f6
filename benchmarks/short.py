"""Short calls of semihosting: a program that reads or writes by the byte."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from resource import RUSAGE_CHILDREN, getrusage

from benchmarks.figures import Figure, at_most, paired_ratio, take_turns
from benchmarks.programs import ROOT, program
from benchmarks.qemu import USER
from benchmarks.settings import Settings

THOUSANDS, TURNS = 200, 7
CALLS = (
    ("SYS_WRITE", "bench/short_writes", at_most(4)),
    ("SYS_READ", "bench/short_reads", at_most(5)),
)


def short(settings: Settings) -> Iterator[Figure]:
    """Seconds of the processor for one byte; the time of a start is subtracted."""
    thousands = 1 + settings.count(THOUSANDS)
    for name, path, goal in CALLS:
        file = str(program(path))
        contestants = {"emu": _each((sys.executable, "-m", "emu", "run", file, "--"), thousands)}
        if USER.path is not None:
            contestants["qemu-arm"] = _each((USER.path, file), thousands)
        samples = take_turns(contestants, settings.turns(TURNS))
        figure = Figure("short", f"{name} of a byte", samples)
        if "qemu-arm" in samples:
            figure.ratio = paired_ratio(samples["emu"], samples["qemu-arm"])
            figure.ratio_is, figure.goal = "x qemu-arm's time", goal
        yield figure


def _each(command: tuple[str, ...], thousands: int) -> Callable[[], float]:
    """Seconds for a call, from a run of so many thousands and one of a thousand."""

    def seconds() -> float:
        more = _seconds(command, thousands) - _seconds(command, 1)
        return max(more, 1e-6) / ((thousands - 1) * 1000)

    return seconds


def _seconds(command: tuple[str, ...], thousands: int) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    with open("/dev/zero", "rb") as zeros:
        subprocess.run(
            (*command, str(thousands)),
            cwd=ROOT,
            stdin=zeros,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # where QEMU's console is
            check=True,
        )
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
