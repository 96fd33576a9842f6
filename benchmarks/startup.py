"""Start-up: whole processes from the command to its end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

from benchmarks.figures import Figure, at_most, take_turns
from benchmarks.programs import ROOT, program
from benchmarks.qemu import SYSTEM, USER, Qemu
from benchmarks.settings import Settings


def startup(settings: Settings) -> Iterator[Figure]:
    """Seconds for a program that says hello, and for less than that."""
    hello = program("bench/hello")
    python = sys.executable
    contestants = {
        "emu": _process(python, "-m", "emu", "run", str(hello), "--", "1"),
        "plain": _process(python, "-m", "benchmarks.plain", str(hello), "1"),
    }
    for qemu in (USER, SYSTEM):
        if qemu.path is not None:
            contestants[qemu.command] = _qemu(qemu, hello)
    samples = take_turns(contestants, settings.turns)
    yield _in_all("hello", samples)
    frames = str(program("programs/hello"))
    samples = take_turns({"emu": _process(python, "-m", "emu", "run", frames)}, settings.turns)
    yield _in_all("hello, and a list of its frames", samples)
    less = {
        "python and nothing else": _process(python, "-c", "pass"),
        "python importing unicorn": _process(python, "-c", "import unicorn"),
    }
    for what, measure in less.items():
        yield Figure("start-up", what, take_turns({"plain": measure}, settings.turns))


def _in_all(what: str, samples: dict[str, list[float]]) -> Figure:
    figure = Figure("start-up", what, samples, ratio_is="s", goal=at_most(0.35))
    figure.ratio = figure.medians["emu"]
    return figure


def _qemu(qemu: Qemu, path: Path) -> Callable[[], float]:
    return lambda: qemu.run(path, 1).seconds


def _process(*command: str) -> Callable[[], float]:
    return lambda: _seconds(command)


def _seconds(command: Sequence[str]) -> float:
    started = perf_counter()
    subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True
    )
    return perf_counter() - started
