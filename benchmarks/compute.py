"""Computing: kernels of several kinds, the same file for every contestant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from benchmarks.emulated import emulated
from benchmarks.figures import Figure, Goal, at_least, at_most, paired_ratio, take_turns
from benchmarks.plain import plain
from benchmarks.programs import program
from benchmarks.qemu import SYSTEM, USER, Qemu
from benchmarks.settings import Settings


class Kernel(NamedTuple):
    """rounds: so many that plain Unicorn takes about a tenth of a second.

    goal: of the speed beside plain Unicorn; ``beside_system``: of the time beside QEMU's machine.
    """

    name: str
    rounds: int
    goal: Goal
    beside_system: Goal | None


TURNS = 21
LEAST = 1e-3
"""The least seconds counted for a run of QEMU after the time of its start is subtracted."""
STORES, ANY, AS_QEMU = at_least(2.5), at_least(0.95), at_most(1.2)

KERNELS = (
    Kernel("fill", 60, at_least(5), AS_QEMU),
    Kernel("copy", 35, STORES, AS_QEMU),
    Kernel("matrix", 10, STORES, AS_QEMU),
    Kernel("sort", 10, STORES, AS_QEMU),
    Kernel("sieve", 6, STORES, AS_QEMU),
    Kernel("mix", 60, STORES, AS_QEMU),
    Kernel("recursion", 40, ANY, AS_QEMU),
    Kernel("pointers", 400, ANY, AS_QEMU),
    Kernel("branches", 120, ANY, AS_QEMU),
    Kernel("integer", 1500, ANY, AS_QEMU),
    Kernel("floating", 30, ANY, None),
    Kernel("loads", 600, ANY, AS_QEMU),
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


def system(settings: Settings) -> Iterator[Figure]:
    """A figure for each kernel: its time in multiples of qemu-system-arm's, if it is installed.

    Its code is as that of Unicorn, with a TLB, and it is the nearest to what can be reached.
    """
    if SYSTEM.path is None:
        return
    qemu = QemuKernels(SYSTEM)

    def less_start(path: Path, number: int) -> Timed:
        run = SYSTEM.run(path, number)
        return run._replace(seconds=max(run.seconds - qemu.start_up, LEAST))

    for kernel in KERNELS:
        rounds = settings.count(kernel.rounds * QemuKernels.LONGER)
        contest = Contest(program(f"bench/{kernel.name}"), rounds)
        ways: dict[str, Callable[[Path, int], Timed]] = {
            "emu": emulated, SYSTEM.command: less_start,
        }  # fmt: skip
        samples = take_turns(
            {who: partial(contest.seconds, way) for who, way in ways.items()},
            settings.turns(QemuKernels.TURNS),
        )
        ratio = paired_ratio(samples["emu"], samples[SYSTEM.command])
        yield Figure(
            "system", kernel.name, samples, ratio, f"x {SYSTEM.command}'s time",
            kernel.beside_system,
        )  # fmt: skip
