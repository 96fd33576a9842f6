"""Start-up: whole processes from the command to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.figures import Figure, Samples, at_most, take_turns
from benchmarks.programs import ROOT, program
from benchmarks.qemu import SYSTEM, USER, Qemu
from benchmarks.settings import Settings

TURNS = 11


def startup(settings: Settings) -> Iterator[Figure]:
    """Seconds for a program that prints hello, for one that prints more, and for Python alone."""
    hello, frames = program("bench/hello"), program("programs/hello")
    contestants = {
        "emu": _python("-m", "emu", "run", str(hello)),
        "plain": _python("-m", "benchmarks.plain", str(hello), "1"),
        **{qemu.command: _qemu(qemu, hello) for qemu in (USER, SYSTEM) if qemu.path is not None},
    }
    others = {
        "hello, and a list of its frames": _python("-m", "emu", "run", str(frames)),
        "python importing unicorn": _python("-c", "import unicorn"),
        "python and nothing else": _python("-c", "pass"),
    }
    for measure in (*contestants.values(), *others.values()):
        measure()  # once without timing, so that compiled modules and files are cached
    samples = take_turns({**contestants, **others}, settings.turns(TURNS))
    yield _in_all("hello", {name: samples[name] for name in contestants})
    first, *less = others
    yield _in_all(first, {"emu": samples[first]})
    for what in less:
        yield Figure("start-up", what, {"plain": samples[what]})


def _in_all(what: str, samples: Samples) -> Figure:
    figure = Figure("start-up", what, samples, ratio_is="s", goal=at_most(0.35))
    figure.ratio = figure.medians["emu"]
    return figure


def _qemu(qemu: Qemu, path: Path) -> Callable[[], float]:
    return lambda: qemu.run(path, 1).seconds


def _python(*arguments: str) -> Callable[[], float]:
    """Python as users run it, which keeps the modules that it has compiled."""
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def seconds() -> float:
        started = perf_counter()
        subprocess.run(
            (sys.executable, *arguments),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return perf_counter() - started

    return seconds
