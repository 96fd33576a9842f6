"""Runs of pages that are mapped alike: an address space as a short sorted list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from emu.devices.bus import Device
from kernel_model.descriptors import (
    COARSE_SIZE,
    EXEC,
    L1_ENTRIES,
    SECTION_SIZE,
    SMALL_PAGE_SIZE,
    Coarse,
    Fault,
    decode_l1,
)
from kernel_model.memory import PhysicalMemory
from kernel_model.walk import walk


class Run(NamedTuple):
    """[va, va+length) translates to [pa, pa+length), and user mode has ``rights`` there.

    device: whose registers are there, or None if it is RAM.
    """

    va: int
    length: int
    pa: int
    rights: int
    device: Device | None = None

    @property
    def end(self) -> int:
        return self.va + self.length

    def part(self, va: int, end: int) -> Run:
        """What of this run lies in [va, end), which must be some of it."""
        first, last = max(va, self.va), min(end, self.end)
        return self._replace(va=first, length=last - first, pa=self.pa + first - self.va)

    def continues(self, other: Run) -> bool:
        """Whether this run and the one before it are one."""
        return (other.end, other.pa + other.length) == (self.va, self.pa) and (
            other.rights == self.rights and other.device is self.device
        )


def scan(ram: PhysicalMemory, l1_pa: int, va: int, end: int) -> Iterator[Run]:
    """What the tables map for user mode in [va, end), descriptor by descriptor.

    Each one is walked on its own, also those of which the hardware wants 16 alike.
    """
    for start in range(va - va % SECTION_SIZE, min(end, L1_ENTRIES * SECTION_SIZE), SECTION_SIZE):
        entry = decode_l1(ram.read_word(l1_pa + start // SECTION_SIZE * 4))
        if isinstance(entry, Fault):
            continue
        size = SECTION_SIZE
        if isinstance(entry, Coarse):
            size = SMALL_PAGE_SIZE
            if not any(ram.read(entry.table, COARSE_SIZE)):
                continue
        first, last = max(va, start), min(end, start + SECTION_SIZE)
        for at in range(first - first % size, last, size):
            found = walk(ram, l1_pa, at)
            if found.fault is None and found.user:
                yield Run(at, size, found.pa, found.user).part(first, last)


def backed(runs: Iterable[Run], ram: PhysicalMemory, devices: tuple[Device, ...]) -> Iterator[Run]:
    """The parts of the runs that have RAM or a device behind them.  Devices are never executed."""
    for run in runs:
        for part in _inside(run, ram.base, ram.base + ram.size):
            yield part
        for device in devices:
            for part in _inside(run, device.pa, device.pa + device.size):
                yield part._replace(rights=part.rights & ~EXEC, device=device)


def _inside(run: Run, pa: int, end: int) -> Iterator[Run]:
    """The part of the run that translates into [pa, end), if there is one."""
    if run.pa < end and pa < run.pa + run.length:
        offset = run.va - run.pa
        yield run.part(pa + offset, end + offset)


def coalesced(runs: Iterable[Run]) -> list[Run]:
    """The same as fewer, longer runs: neighbours that continue each other become one."""
    result: list[Run] = []
    for run in sorted(runs, key=lambda run: run.va):
        if result and run.continues(result[-1]):
            result[-1] = result[-1]._replace(length=result[-1].length + run.length)
        else:
            result.append(run)
    return result


def replaced(runs: list[Run], va: int, end: int, new: Iterable[Run]) -> list[Run]:
    """The runs with those in [va, end) replaced by the new ones."""
    before = [run.part(0, va) for run in runs if run.va < va]
    after = [run.part(end, run.end) for run in runs if run.end > end]
    return coalesced([*before, *new, *after])
