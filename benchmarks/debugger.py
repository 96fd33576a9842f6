"""A debugger at the machine: its cost, and that of conditions of breakpoints."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.emulated import Run, emulated
from benchmarks.figures import Figure, at_least, paired_ratio, take_turns
from benchmarks.programs import program
from benchmarks.settings import Settings
from emu.debuginfo import open_files
from emu.gdb.packets import packet
from emu.gdb.running import Runner
from emu.gdb.server import serve
from emu.gdb.target import Target
from emu.gdb.transport import Listener
from emu.machine import Machine

TURNS = 9
DEBUGGER = "gdb-multiarch"
IN_GDB, IN_EMU = 500, 20_000
"""The number of evaluations of the condition by each."""

SHAPES = {
    "a round of computing": ("bench/mix", 400),
    "a thousand calls": ("bench/calls", 60),
    "a line printed": ("bench/lines", 10_000),
    "a message to another process": ("timing/switches", 1000),
}
"""For each unit of work, a program and the number of its repetitions."""


def debugger(settings: Settings) -> Iterator[Figure]:
    """Seconds with a debugger that waits for nothing, and seconds for each condition."""
    for what, (name, most) in SHAPES.items():
        path, count = program(name), settings.count(most)
        contestants = {
            "emu": partial(_each, path, count, True),
            "undebugged": partial(_each, path, count, False),
        }
        samples = take_turns(contestants, settings.turns(TURNS))
        ratio = paired_ratio(samples["undebugged"], samples["emu"])
        yield Figure(
            "debugger", f"{what}, debugged", samples, ratio, "x undebugged's speed", at_least(0.9)
        )
    if shutil.which(DEBUGGER) is not None:
        yield _conditions(settings)


def _each(path: Path, count: int, is_debugged: bool) -> float:
    run = debugged(path, count) if is_debugged else emulated(path, count)
    return run.seconds / count


def debugged(path: Path, *arguments: int) -> Run:
    """A run like that of ``emulated``, which a debugger has told to go on."""
    return emulated(path, *arguments, run=partial(_served, path))


def _served(path: Path, machine: Machine) -> None:
    listener = Listener("0")
    runner = Runner(Target(machine, lambda: open_files(str(path)), str(path)))
    client = threading.Thread(target=_continue, args=(int(listener.name.rpartition(":")[2]),))
    client.start()
    serve(runner, listener, print)
    client.join()
    runner.close()
    listener.close()


def _continue(port: int) -> None:
    """Be a debugger that continues and waits for the program's end."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(packet(b"vCont;c"))
        received = b""
        while b"$W00" not in received:
            received += connection.recv(1000)


def _conditions(settings: Settings) -> Figure:
    """A condition that holds at the last of many hits, evaluated by gdb and by the machine."""
    counts = {"emu": settings.count(IN_EMU), "gdb": settings.count(IN_GDB)}
    samples = take_turns(
        {name: partial(_condition, name, count) for name, count in counts.items()},
        settings.turns(TURNS // 3),
    )
    ratio = paired_ratio(samples["gdb"], samples["emu"])
    what = "a condition of a breakpoint"
    return Figure("debugger", what, samples, ratio, "gdb / emu", at_least(100))


_SCRIPT = """\
set pagination off
set breakpoint condition-evaluation {mode}
break visit if number == {count}
python import time; begun = time.perf_counter()
continue
python print("seconds", time.perf_counter() - begun, int(gdb.parse_and_eval("number")))
kill
"""


def _condition(who: str, count: int) -> float:
    """Seconds for each hit, by gdb's clock.  who: evaluates the condition."""
    with TemporaryDirectory() as directory:
        script = Path(directory, "script.gdb")
        mode = "host" if who == "gdb" else "target"
        script.write_text(_SCRIPT.format(mode=mode, count=count))
        words = [
            sys.executable,
            "-m",
            "emu",
            "gdb",
            "--gdb",
            DEBUGGER,
            "--batch",
            "-x",
            str(script),
        ]
        words += [str(program("timing/visits")), "--", str(count)]
        run = subprocess.run(words, capture_output=True, text=True, check=True)
    (line,) = (line.split() for line in run.stdout.splitlines() if line.startswith("seconds "))
    if int(line[2]) != count:
        raise RuntimeError(f"{DEBUGGER} stopped at visit {line[2]}, not {count}")
    return float(line[1]) / count
