"""Computing: kernels of several kinds, the same file for every contestant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from benchmarks.emulated import emulated
from benchmarks.figures import Figure, Goal, at_least, paired_ratio, take_turns
from benchmarks.plain import plain
from benchmarks.programs import program
from benchmarks.qemu import SYSTEM, USER, Qemu
from benchmarks.settings import Settings


class Kernel(NamedTuple):
    """rounds: so many that plain Unicorn takes about a tenth of a second."""

    name: str
    rounds: int
    goal: Goal


TURNS = 21
STORES, ANY = at_least(2.5), at_least(0.95)

KERNELS = (
    Kernel("fill", 60, at_least(5)),
    Kernel("copy", 35, STORES),
    Kernel("matrix", 10, STORES),
    Kernel("sort", 10, STORES),
    Kernel("sieve", 6, STORES),
    Kernel("mix", 60, STORES),
    Kernel("recursion", 40, ANY),
    Kernel("pointers", 400, ANY),
    Kernel("branches", 120, ANY),
    Kernel("integer", 1500, ANY),
    Kernel("floating", 30, ANY),
    Kernel("loads", 600, ANY),
)


class Timed(Protocol):
    """The result of a contestant's run."""

    @property
    def seconds(self) -> float: ...
    @property
    def output(self) -> str: ...


class Contest:
    """A kernel, of which all contestants must print the same output."""

    def __init__(self, path: Path, rounds: int) -> None:
        self.path, self.rounds = path, rounds
        self._output: str | None = None

    def seconds(self, run: Callable[[Path, int], Timed]) -> float:
        """The seconds that a contestant takes for the kernel."""
        timed = run(self.path, self.rounds)
        if self._output is None:
            self._output = timed.output
        if timed.output != self._output:
            raise RuntimeError(f"{self.path.name}: {timed.output!r} is not {self._output!r}")
        return timed.seconds


class QemuKernels:
    """A QEMU, whose runs are whole processes: longer runs, minus the time of a start."""

    LONGER = 10
    TURNS = 5

    def __init__(self, qemu: Qemu) -> None:
        self.qemu = qemu
        self.start_up = min(qemu.run(program("bench/hello"), 1).seconds for _ in range(5))

    def seconds(self, contest: Contest, turns: int) -> list[float]:
        """Seconds for the kernel, measured at most ``turns`` times."""
        contest.seconds(self.qemu.run)
        path, rounds = contest.path, contest.rounds * self.LONGER
        runs = (self.qemu.run(path, rounds) for _ in range(min(turns, self.TURNS)))
        return [max(run.seconds - self.start_up, 0.0) / self.LONGER for run in runs]


def compute(settings: Settings) -> Iterator[Figure]:
    """A figure for each kernel: its speed in multiples of plain Unicorn's."""
    qemus = [QemuKernels(qemu) for qemu in (USER, SYSTEM) if qemu.path is not None]
    turns = settings.turns(TURNS)
    for kernel in KERNELS:
        contest = Contest(program(f"bench/{kernel.name}"), settings.count(kernel.rounds))
        ours: dict[str, Callable[[Path, int], Timed]] = {"emu": emulated, "plain": plain}
        samples = take_turns(
            {name: partial(contest.seconds, run) for name, run in ours.items()}, turns
        )
        ratio = paired_ratio(samples["plain"], samples["emu"])
        samples |= {qemu.qemu.command: qemu.seconds(contest, turns) for qemu in qemus}
        yield Figure("compute", kernel.name, samples, ratio, "x plain's speed", kernel.goal)
