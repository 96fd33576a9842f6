"""Programs that go over more memory than a TLB holds, in three orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.compute import LEAST, Contest, QemuKernels, Timed
from benchmarks.emulated import emulated
from benchmarks.figures import Figure, Goal, at_most, paired_ratio, take_turns
from benchmarks.programs import program
from benchmarks.qemu import USER
from benchmarks.settings import Settings

KIB = (256, 1024, 4096, 16384, 65536)


class Order(NamedTuple):
    """rounds: each of half a million loads and stores."""

    name: str
    rounds: int
    goal: Goal


ORDERS = (
    Order("sequential", 80, at_most(1.8)),
    Order("strided", 8, at_most(4)),
    Order("random", 8, at_most(4)),
)
TURNS = 3


def working(settings: Settings) -> Iterator[Figure]:
    """A figure for each size and order: the time in multiples of qemu-arm's, if it is installed."""
    qemu = QemuKernels(USER) if USER.path is not None else None

    def less_start(path: Path, number: int) -> Timed:
        assert qemu is not None
        run = qemu.qemu.run(path, number)
        return run._replace(seconds=max(run.seconds - qemu.start_up, LEAST))

    for kib in KIB:
        for order, (name, rounds, goal) in enumerate(ORDERS):
            number = kib | order << 20 | settings.count(rounds) << 22
            contest = Contest(program("bench/working"), number)
            ways: dict[str, Callable[[Path, int], Timed]] = {"emu": emulated}
            if qemu is not None:
                ways[USER.command] = less_start
            contestants = {who: partial(contest.seconds, way) for who, way in ways.items()}
            samples = take_turns(contestants, settings.turns(TURNS))
            figure = Figure("working", f"{kib} KiB, {name}", samples)
            if qemu is not None:
                figure.ratio = paired_ratio(samples["emu"], samples[USER.command])
                figure.ratio_is, figure.goal = "x qemu-arm's time", goal
            yield figure
