"""Mapping and unmapping a page while ever more other pages are mapped."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import NamedTuple

from unicorn import UC_ARCH_ARM, UC_MODE_ARM, UC_PROT_ALL, Uc

from benchmarks.emulated import Run, emulated
from benchmarks.figures import Figure, Samples, at_most, paired_ratio
from benchmarks.plain import PAGE
from benchmarks.programs import program
from benchmarks.settings import Settings

LEVELS = (1, 16, 256, 1024, 4096, 16384)
PLAIN_MOST = 1024
"""The most regions for plain Unicorn, which takes minutes to map more."""

BATCH = 64
"""The number of pages that the guest maps between two lines."""
BATCHES = 20
TURNS = 7

STEPS = {"map": "map a page", "touch": "first store to it", "unmap": "unmap it"}


class PlainTimes(NamedTuple):
    """Seconds for one ``mem_map_ptr`` and one ``mem_unmap`` of a page."""

    map: float
    unmap: float


def plain_maps(level: int) -> PlainTimes:
    """Map pages over plain Unicorn while ``level`` regions are mapped.

    These are every other page of the buffer, so that no two could be one region.
    """
    buffer = mmap.mmap(-1, (level + BATCH) * 2 * PAGE)
    first = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    uc = Uc(UC_ARCH_ARM, UC_MODE_ARM)

    def map_page(number: int) -> None:
        uc.mem_map_ptr((number * 2 + 16) * PAGE, PAGE, UC_PROT_ALL, first + number * 2 * PAGE)

    for number in range(level):
        map_page(number)
    started = perf_counter()
    for number in range(level, level + BATCH):
        map_page(number)
    mapped = perf_counter()
    for number in range(level, level + BATCH):
        uc.mem_unmap((number * 2 + 16) * PAGE, PAGE)
    return PlainTimes((mapped - started) / BATCH, (perf_counter() - mapped) / BATCH)


def maps(settings: Settings) -> Iterator[Figure]:
    """Seconds for each step by level, and their ratio to the level with one page mapped."""
    levels = [level for level in LEVELS if level <= (256 if settings.quick else LEVELS[-1])]
    path, batches = program("timing/maps"), settings.count(BATCHES)
    runs: list[Run] = []
    plain_times: dict[int, list[PlainTimes]] = {level: [] for level in levels}
    for _ in range(settings.turns(TURNS)):
        runs.append(emulated(path, batches, levels[-1]))
        for level in levels:
            if level <= PLAIN_MOST:
                plain_times[level].append(plain_maps(level))
    for step in STEPS:
        for level in levels:
            yield _figure(step, level, runs, plain_times[level])


def _figure(step: str, level: int, runs: list[Run], plain_times: list[PlainTimes]) -> Figure:
    samples: Samples = {"emu": _seconds(step, level, runs)}
    notes = []
    if step != "touch" and plain_times:
        samples["plain"] = [getattr(times, step) for times in plain_times]
    elif step == "map":
        notes.append(f"plain, {level} mapped: left out, because to map so many takes minutes")
    figure = Figure("maps", f"{STEPS[step]}, {level} mapped", samples, notes=notes)
    figure.ratio = paired_ratio(samples["emu"], _seconds(step, LEVELS[0], runs))
    figure.ratio_is = "x with 1 mapped"
    if step == "map":
        figure.goal = at_most(1.5)
    return figure


def _seconds(step: str, level: int, runs: list[Run]) -> list[float]:
    """Seconds for one page: the median over the batches of each run."""
    return [median(run.intervals(f"{step} {level}")) / BATCH for run in runs]
