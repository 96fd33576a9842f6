"""The small assembly programs of these tests, built when first asked for, and traces of them."""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from emu.debuginfo import open_files
from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine, Options
from emu.trace.start import TraceOptions, begin_trace
from tests.guests import BUILT, COMPILER, need_tool

SOURCES: Final = Path(__file__).parent / "trace" / "programs"
BACKENDS: Final = ("tlb", "map", "cpu")


@functools.cache
def built(name: str) -> Path:
    """The ELF of ``programs/NAME.S``; skips the test if there is no compiler."""
    compiler = need_tool(COMPILER)
    directory = BUILT.parent / "trace"
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / f"{name}.elf"
    partial = directory / f"{name}.{os.getpid()}.elf"
    subprocess.run(
        [compiler, "-mcpu=cortex-a15", "-nostdlib", "-static", "-Wl,-Ttext=0x10000",
         "-Wl,--build-id=none", "-g", f"-Wa,-I{SOURCES}", f"{name}.S", "-o", str(partial)],
        check=True,
        cwd=SOURCES,
    )  # fmt: skip
    partial.replace(program)
    return program


def machine_for(program: Path, mmu: str = "tlb", max_insns: int = 0, stdin: bytes = b"") -> Machine:
    with program.open("rb") as stream:
        image = load_elf(stream, program.name)
    world = ScriptedWorld(stdin, arguments=(program.name,))
    return Machine(image, world, Options(mmu=mmu, max_insns=max_insns))


@contextmanager
def trace_file(
    program: Path, kinds: str, mmu: str = "tlb", max_insns: int = 0, **options: Any
) -> Iterator[Path]:
    """The file of a trace of these kinds, as long as this is entered."""
    machine = machine_for(program, mmu, max_insns)
    with tempfile.TemporaryDirectory() as directory:
        out = os.path.join(directory, "trace")
        asked = TraceOptions(tuple(kinds.split(",")), out=out, **options)
        end = begin_trace(machine, asked, open_files(str(program)), print)
        machine.run()
        end()
        yield Path(out)


def traced(program: Path, kinds: str, mmu: str = "tlb", max_insns: int = 0, **options: Any) -> str:
    """The text of a trace of these kinds."""
    with trace_file(program, kinds, mmu, max_insns, **options) as out:
        return out.read_text()
