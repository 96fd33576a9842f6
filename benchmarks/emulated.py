"""Timed runs of our own machine."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from emu.cpu.counter import NO_TURN
from emu.cpu.stop import Stop
from emu.environment.requests import Answer, Write
from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import How, Machine, Options
from emu.machine.outcome import outcome_of


class Line(NamedTuple):
    """A line of the program's output and when it came."""

    text: str
    time: float


class Run(NamedTuple):
    """A run that ended well.  seconds: from its first instruction to its last."""

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

    def __init__(self, stdin: bytes, arguments: tuple[str, ...]) -> None:
        super().__init__(stdin, arguments)
        self.stamps: list[float] = []

    def write(self, request: Write, moment: int) -> Answer:
        self.stamps += [perf_counter()] * request[2].count(b"\n")
        return super().write(request, moment)

    def lines(self) -> tuple[Line, ...]:
        texts = self.stdout.decode().splitlines()
        return tuple(map(Line, texts, self.stamps))


class Stopwatch:
    """Runs from when the engine first runs to when it last stops.

    What comes before and after, above all the thread that listens for Ctrl-C, plain Unicorn
    does without, and on a busy host it may wait long for its turn.
    """

    def __init__(self, machine: Machine) -> None:
        self._run = machine.cores[0].engine.run
        self._started = 0.0
        self.seconds = 0.0
        machine.cores[0].engine.run = self._timed  # type: ignore[method-assign]

    def _timed(self, count: int, passes: bool, turn: int = NO_TURN) -> Stop:
        self._started = self._started or perf_counter()
        reason = self._run(count, passes, turn)
        self.seconds = perf_counter() - self._started
        return reason


def emulated(
    path: Path,
    *arguments: int,
    mmu: str = "tlb",
    stdin: bytes = b"",
    run: Callable[[Machine], object] = Machine.run,
) -> Run:
    """Run a program in a new machine of ours; it must exit with 0.  run: what runs it."""
    world = StampingWorld(stdin, (path.name, *map(str, arguments)))
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    machine = Machine(image, world, Options(mmu=mmu))
    gc.collect()  # machines of earlier runs go now, not during this one
    stopwatch = Stopwatch(machine)
    run(machine)
    outcome = outcome_of(machine.kernel.halted)
    if outcome.how is not How.EXITED or outcome.status != 0:
        raise RuntimeError(f"{path.name}: {outcome}: {world.stdout.decode()}")
    return Run(stopwatch.seconds, world.lines())
