"""The same work on each backend, which shows what each way of translation costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from benchmarks.emulated import emulated
from benchmarks.figures import Figure, take_turns
from benchmarks.maps import BATCH
from benchmarks.programs import program
from benchmarks.settings import Settings
from emu.mmu import BACKENDS

TURNS = 5
MAPPED = 256
"""The number of mapped pages that ``map`` still handles quickly."""

Measure = Callable[[str], float]
"""Gives seconds on the backend of this name."""


def backends(settings: Settings) -> Iterator[Figure]:
    """A figure for each kind of work, with each backend as a contestant."""
    for what, measure in _measures(settings).items():
        contestants = {mmu: partial(measure, mmu) for mmu in BACKENDS}
        yield Figure("backends", what, take_turns(contestants, settings.turns(TURNS)))


def _measures(settings: Settings) -> dict[str, Measure]:
    thousands, count = settings.count(10), settings.count(500)

    def kernel(name: str, rounds: int, mmu: str) -> float:
        return emulated(program(f"bench/{name}"), rounds, mmu=mmu).seconds

    def call(mmu: str) -> float:
        return kernel("calls", thousands, mmu) / (thousands * 1000)

    def switch(mmu: str) -> float:
        run = emulated(program("timing/switches"), count, mmu=mmu)
        return run.intervals("yield")[0] / (2 * count)

    def map_page(mapped: int, mmu: str) -> float:
        run = emulated(program("timing/maps"), 1, mapped, mmu=mmu)
        return median(run.intervals(f"map {mapped}")) / BATCH

    return {
        "compute, fill": partial(kernel, "fill", settings.count(100)),
        "compute, mix": partial(kernel, "mix", settings.count(120)),
        "compute, branches": partial(kernel, "branches", settings.count(300)),
        "a call": call,
        "yield to another": switch,
        "map a page, 1 mapped": partial(map_page, 1),
        f"map a page, {MAPPED} mapped": partial(map_page, MAPPED),
    }
