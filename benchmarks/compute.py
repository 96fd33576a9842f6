"""Computing: kernels of several kinds, the same file for everybody."""

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
    """rounds: a fifth of a second, more or less, over plain Unicorn."""

    name: str
    rounds: int
    goal: Goal


STORES, ANY = at_least(2.5), at_least(0.95)

KERNELS = (
    Kernel("fill", 100, at_least(5)),
    Kernel("copy", 70, STORES),
    Kernel("matrix", 20, STORES),
    Kernel("sort", 20, STORES),
    Kernel("sieve", 10, STORES),
    Kernel("mix", 120, STORES),
    Kernel("recursion", 100, ANY),
    Kernel("pointers", 1200, ANY),
    Kernel("branches", 300, ANY),
    Kernel("integer", 3000, ANY),
    Kernel("floating", 60, ANY),
    Kernel("loads", 1200, ANY),
)


class Timed(Protocol):
    """What every contestant gives of a run."""

    @property
    def seconds(self) -> float: ...
    @property
    def output(self) -> str: ...


class Contest:
    """One kernel: everybody must print the same."""

    def __init__(self, path: Path, rounds: int) -> None:
        self.path, self.rounds = path, rounds
        self._output: str | None = None

    def seconds(self, run: Callable[[Path, int], Timed]) -> float:
        """Let a contestant run the kernel."""
        timed = run(self.path, self.rounds)
        if self._output is None:
            self._output = timed.output
        if timed.output != self._output:
            raise RuntimeError(f"{self.path.name}: {timed.output!r} is not {self._output!r}")
        return timed.seconds


class StartedQemu:
    """A QEMU whose start-up, taken beforehand, is subtracted from what it takes for a program."""

    def __init__(self, qemu: Qemu) -> None:
        self.qemu = qemu
        self.start_up = min(qemu.run(program("bench/hello"), 1).seconds for _ in range(5))

    def run(self, path: Path, rounds: int) -> Timed:
        run = self.qemu.run(path, rounds)
        return run._replace(seconds=max(run.seconds - self.start_up, 1e-6))


def compute(settings: Settings) -> Iterator[Figure]:
    """One figure a kernel: how many x plain's speed Unicorn."""
    runs: dict[str, Callable[[Path, int], Timed]] = {"emu": emulated, "plain": plain}
    for qemu in (USER, SYSTEM):
        if qemu.path is not None:
            runs[qemu.command] = StartedQemu(qemu).run
    for kernel in KERNELS:
        contest = Contest(program(f"bench/{kernel.name}"), settings.count(kernel.rounds))
        measures = {name: partial(contest.seconds, run) for name, run in runs.items()}
        samples = take_turns(measures, settings.turns)
        ratio = paired_ratio(samples["plain"], samples["emu"])
        yield Figure("compute", kernel.name, samples, ratio, "x plain's speed", kernel.goal)
