"""Traces: ``--trace insn`` against a Python hook that formats each instruction's line.

Processor time is compared, including the host's kernel: half a gigabyte of text is written.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import NamedTuple

from capstone import CS_ARCH_ARM, CS_MODE_ARM, CS_MODE_THUMB, Cs
from unicorn.unicorn_const import UC_HOOK_CODE
from unicorn.unicorn_py3.unicorn import HOOK_CODE_CFUNC

from benchmarks.emulated import emulated
from benchmarks.figures import Figure, Goal, at_least, at_most, paired_ratio, take_turns
from benchmarks.programs import ROOT, program
from benchmarks.settings import Settings
from emu.coverage.start import begin_coverage
from emu.debuginfo import DebugFiles, open_files
from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine, Options
from emu.profile.start import begin_profile
from emu.trace.start import TraceOptions, begin_trace

NAIVE = 100_000
FULL = 2_000_000
LONG = 10_000_000
TURNS = 5

WATCHED = 30_000_000
TRACED = 1_000_000
A_ROUND = 91_600
"""Instructions of a round of ``mix``, approximately: tests/test_benchmarks.py counts them."""

Begin = Callable[[Machine, str, DebugFiles], Callable[[], object]]


def _tracing(kind: str) -> Begin:
    """A function that begins a trace of this kind."""
    options = TraceOptions((kind,))
    return lambda machine, out, files: begin_trace(machine, options._replace(out=out), files, print)


def _counting(_machine: Machine, _out: str, _files: DebugFiles) -> Callable[[], object]:
    """Begin nothing: the bound of the run makes it count instructions."""
    return lambda: None


class Watcher(NamedTuple):
    """A recording.  count: instructions of a run."""

    begin: Begin
    count: int
    goal: Goal | None


WATCHERS: dict[str, Watcher] = {
    "counted": Watcher(_counting, WATCHED, at_most(1.25)),
    "--coverage": Watcher(
        lambda machine, out, files: begin_coverage(machine, out, "drcov", files, print),
        WATCHED,
        at_most(2),
    ),
    "--profile": Watcher(
        lambda machine, out, files: begin_profile(machine, out, files, print),
        WATCHED,
        at_most(4),
    ),
    "--trace mem": Watcher(_tracing("mem"), TRACED, None),
}

_ROUNDS = "1000000"
"""More repetitions than any of these runs completes."""


def traces(settings: Settings) -> Iterator[Figure]:
    """Seconds for each instruction, and the memory that a long trace takes."""
    path = program("bench/mix")
    with TemporaryDirectory() as directory:
        out = f"{directory}/trace"
        contestants = {
            "emu": lambda: traced(path, settings.count(FULL), out),
            "a hook for each": lambda: hooked(path, settings.count(NAIVE), out),
        }
        yield _speed(take_turns(contestants, settings.turns(TURNS)))
        yield _memory(path, settings.count(LONG), out)
        yield from _watched(path, settings, out)


def _watched(path: Path, settings: Settings, out: str) -> Iterator[Figure]:
    """The time of recorded runs in multiples of a run that neither records nor counts."""
    for name, watcher in WATCHERS.items():
        count = settings.count(watcher.count)
        contestants = {
            "emu": partial(watched, watcher.begin, path, count, out),
            "unwatched": partial(unwatched, path, count),
        }
        samples = take_turns(contestants, settings.turns(TURNS))
        ratio = paired_ratio(samples["emu"], samples["unwatched"])
        what = f"an instruction, {name}"
        yield Figure("traces", what, samples, ratio, "x unwatched", watcher.goal)


def _speed(samples: dict[str, list[float]]) -> Figure:
    ratio = paired_ratio(samples["a hook for each"], samples["emu"])
    what = "an instruction traced as text"
    return Figure("traces", what, samples, ratio, "a hook for each / emu", at_least(20))


def _memory(path: Path, count: int, out: str) -> Figure:
    """The peak of memory of a run in a process of its own."""
    words = (sys.executable, "-m", "benchmarks.traces", str(path), str(count), out)
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    seconds, megabytes = found.split()
    what = f"each of {count:,} instructions, and the peak of memory"
    figure = Figure("traces", what, {"emu": [float(seconds)]}, float(megabytes), "MB", at_most(300))
    figure.notes.append(f"{Path(out).stat().st_size / 1e6:.0f} MB of text")
    return figure


def traced(path: Path, count: int, out: str) -> float:
    """Seconds for each instruction with ``--trace insn``."""
    return watched(_tracing("insn"), path, count, out)


def watched(begin: Begin, path: Path, count: int, out: str) -> float:
    """Seconds for each instruction with a recording."""
    machine, files = _machine(path, count)
    end = begin(machine, out, files)

    def run() -> None:
        machine.run()
        end()

    return _timed(machine, run)


def unwatched(path: Path, count: int) -> float:
    """Seconds for each instruction of a run about as long, without counting."""
    rounds = max(1, count // A_ROUND)
    return emulated(path, rounds).seconds / (rounds * A_ROUND)


def hooked(path: Path, count: int, out: str) -> float:
    """Seconds for each instruction with a hook that reads, disassembles, names and writes it."""
    machine, files = _machine(path, count)
    with open(out, "w", encoding="utf-8") as stream:
        hook = HOOK_CODE_CFUNC(_formatting_hook(machine, files, stream.write))
        machine.cores[0].engine.unicorn.add_hook(UC_HOOK_CODE, hook)
        return _timed(machine, machine.run)


def _formatting_hook(
    machine: Machine, files: DebugFiles, write: Callable[[str], object]
) -> Callable[[int, int, int, object], None]:
    ram, engine = machine.ram.ram, machine.cores[0].engine
    decoders = {False: Cs(CS_ARCH_ARM, CS_MODE_ARM), True: Cs(CS_ARCH_ARM, CS_MODE_THUMB)}

    def hook(_uc: int, va: int, size: int, _data: object) -> None:
        code = ram.read(machine.cores[0].backend.physical(va), size)
        decoder = decoders[engine.registers.thumb]
        for _, _, mnemonic, operands in decoder.disasm_lite(code, va, 1):
            symbol = files.program.symbol_at(va)
            name = "" if symbol is None else f"<{symbol.name}+{va - symbol.va:#x}> "
            write(f"[0] {va:08x} {name}{code.hex():<10} {mnemonic} {operands}\n")

    return hook


def _machine(path: Path, count: int) -> tuple[Machine, DebugFiles]:
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    world = ScriptedWorld(arguments=(path.name, _ROUNDS))
    return Machine(image, world, Options(max_insns=count)), open_files(str(path))


def _timed(machine: Machine, run: Callable[[], object]) -> float:
    started = process_time()
    run()
    return (process_time() - started) / machine.cores[0].engine.instructions


def main() -> None:
    """Trace a run; print the seconds for each instruction and the peak of memory in MB."""
    path, count, out = sys.argv[1:]
    seconds = traced(Path(path), int(count), out)
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
