"""The past of a machine: what keeping it costs, and going back in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, at_most, paired_ratio, take_turns
from benchmarks.programs import program
from benchmarks.settings import Settings
from emu.debuginfo import open_files
from emu.environment.world import ScriptedWorld
from emu.inquiry.stores import stores
from emu.loader import load_elf
from emu.machine import Machine, Options
from emu.mmu import BACKENDS
from emu.recording.file import Header, RecordingFile
from emu.recording.options import said_by
from emu.recording.timeline import Timeline
from emu.recording.world import LoggedWorld, logged
from kernel_model.memory import PAGE_SIZE

TURNS, SNAPSHOTS = 7, 200
PAGES = 12
ROUNDS, LINES = 40_000, 20_000
LONG = 1_000_000_000
ASKED = 100_000_000
MANY = 1 << 30
"""Repetitions that no measurement waits for."""


def past(settings: Settings) -> Iterator[Figure]:
    """Milliseconds of snapshots, and what recording, keeping and going back cost."""
    for mmu in BACKENDS:
        yield from _snapshots(settings, mmu)
    yield _recording(settings, "computing", "bench/mix", settings.count(ROUNDS))
    yield _recording(settings, "a line printed", "bench/lines", settings.count(LINES))
    yield _keeping(settings)
    yield from _going_back(settings)


def _machine(name: str, count: int, mmu: str = "tlb") -> tuple[Machine, LoggedWorld]:
    path = program(name)
    world = ScriptedWorld(b"", (path.name, str(count)))
    through = logged(world)
    with path.open("rb") as stream:
        return Machine(load_elf(stream, path.name), through, Options(mmu=mmu)), through


def _seconds(do: Callable[[], object]) -> float:
    begun = time.process_time()
    do()
    return time.process_time() - begun


def _snapshots(settings: Settings, mmu: str) -> Iterator[Figure]:
    """A snapshot of a machine in which pages were written since the last, and its restoring."""
    machine, _ = _machine("bench/mix", MANY, mmu)
    machine.run_for(100_000)
    before, ram = machine.snapshot(), machine.ram.ram
    free = ram.base + (64 << 20)
    taken, restored = list[float](), list[float]()
    for number in range(settings.count(SNAPSHOTS)):
        for page in range(PAGES):
            ram.write_word(free + page * PAGE_SIZE, number + 1)
        taken.append(_seconds(machine.snapshot))
        restored.append(_seconds(partial(machine.restore, before)))
    for what, samples in (("a snapshot", taken), ("restoring it", restored)):
        named = f"{what} ({mmu}), {PAGES} pages written"
        spent = median(samples) * 1000
        yield Figure("past", named, {"emu": samples}, spent, "ms", at_most(1))


def _recording(settings: Settings, what: str, name: str, count: int) -> Figure:
    """A whole run that is recorded beside one that is counted, too."""
    samples = take_turns(
        {"emu": partial(_recorded, name, count), "unrecorded": partial(_counted, name, count)},
        settings.turns(TURNS),
    )
    ratio = paired_ratio(samples["emu"], samples["unrecorded"])
    return Figure("past", f"{what}, recorded", samples, ratio, "x unrecorded", at_most(1.05))


def _recorded(name: str, count: int) -> float:
    machine, world = _machine(name, count)
    machine.count_instructions()
    said = said_by(machine.options, None, "instructions")
    header = Header(("", ""), said, world.log.beginning, (name,))
    with TemporaryDirectory() as folder:
        file = RecordingFile(str(Path(folder, "rec")), header, (program(name).read_bytes(),))
        world.log.sink = file.entries
        try:
            return _seconds(machine.run)
        finally:
            file.close()


def _counted(name: str, count: int) -> float:
    path = program(name)
    world = ScriptedWorld(b"", (path.name, str(count)))
    with path.open("rb") as stream:
        machine = Machine(load_elf(stream, path.name), world)
    machine.count_instructions()
    return _seconds(machine.run)


def _keeping(settings: Settings) -> Figure:
    count = settings.count(ASKED)

    def kept() -> float:
        machine, world = _machine("bench/mix", MANY)
        timeline = Timeline(machine, world)
        return _seconds(lambda: timeline.run(machine.run_for, count))

    def counted() -> float:
        machine, _ = _machine("bench/mix", MANY)
        machine.count_instructions()
        return _seconds(lambda: machine.run_for(count))

    samples = take_turns({"emu": kept, "not kept": counted}, settings.turns(TURNS))
    ratio = paired_ratio(samples["emu"], samples["not kept"])
    return Figure("past", "the past kept", samples, ratio, "x not kept", at_most(1.25))


def _going_back(settings: Settings) -> Iterator[Figure]:
    """One instruction back at the end of a long run, and a question about a part of it."""
    machine, world = _machine("bench/mix", MANY)
    timeline = Timeline(machine, world)
    timeline.run(machine.run_for, settings.count(LONG))
    back = [_seconds(lambda: timeline.go_to(timeline.now - 1)) for _ in range(5)]
    what = f"one instruction back, after {settings.count(LONG):.0e}"
    yield Figure("past", what, {"emu": back}, median(back), "s", at_most(1))
    machine, world = _machine("bench/mix", MANY)
    timeline = Timeline(machine, world)
    run = _seconds(lambda: timeline.run(machine.run_for, settings.count(ASKED)))
    debug = open_files(str(program("bench/mix")))
    nowhere = machine.ram.ram.base + (64 << 20)
    asked = _seconds(lambda: list(stores(machine, debug, timeline, nowhere, 4, timeline.now)))
    yield Figure(
        "past", f"who stored there, in {settings.count(ASKED):.0e} instructions",
        {"emu": [asked], "the run": [run]}, asked / run, "x the run", at_most(3),
    )  # fmt: skip
