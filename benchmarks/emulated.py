"""Timed runs of our own machine."""

from __future__ import annotations

import gc
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from emu.loader import load_elf
from emu.machine import Ended, Machine, Options
from emu.world import ScriptedWorld


class Line(NamedTuple):
    """A line of the program's output and when it came."""

    text: str
    time: float


class Run(NamedTuple):
    """A run that ended well.  seconds: the run alone, the machine being made already."""

    seconds: float
    lines: tuple[Line, ...]

    @property
    def output(self) -> str:
        return "".join(f"{line.text}\n" for line in self.lines)

    def intervals(self, text: str) -> list[float]:
        """For each such line, the seconds since the line before it."""
        pairs = zip(self.lines, self.lines[1:], strict=False)
        return [line.time - before.time for before, line in pairs if line.text == text]


class StampingWorld(ScriptedWorld):
    """Notes when each line of output comes."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        super().__init__(arguments=arguments)
        self.stamps: list[float] = []

    def write_output(self, data: bytes) -> None:
        self.stamps += [perf_counter()] * data.count(b"\n")
        self.stdout += data

    def lines(self) -> tuple[Line, ...]:
        texts = self.stdout.decode().splitlines()
        return tuple(map(Line, texts, self.stamps))


def emulated(path: Path, *arguments: int, mmu: str = "tlb") -> Run:
    """Run a program in a new machine of ours; it must exit with 0."""
    world = StampingWorld((path.name, *map(str, arguments)))
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    machine = Machine(image, world, Options(mmu=mmu))
    gc.collect()  # machines of earlier runs go now, not during this one
    started = perf_counter()
    outcome = machine.run()
    seconds = perf_counter() - started
    if outcome.how is not Ended.EXITED or outcome.status != 0:
        raise RuntimeError(f"{path.name}: {outcome}: {world.stdout.decode()}")
    return Run(seconds, world.lines())
