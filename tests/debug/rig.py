"""A guest in a machine of the test's own, stopped where its state is interesting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from emu.cpu.registers import THUMB_BIT
from emu.debuginfo import DebugFiles, open_files
from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine, Options
from emu.machine.fault import Fault
from emu.report.context import Context
from emu.unwind import Frame


def machine_for(
    path: Path, on_fault: Callable[[Fault], None] = lambda _: None, **options: int
) -> Machine:
    """A machine about to run the program, with an outside that says nothing."""
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    return Machine(image, ScriptedWorld(), Options(**options), on_fault)


def debug_for(path: Path) -> DebugFiles:
    return open_files(str(path))


def context_now(machine: Machine, debug: DebugFiles) -> Context:
    """The current process, as it is."""
    process = machine.kernel.current
    assert process is not None
    return Context(machine, debug, process, machine.engine.core_registers())


def frame_of(registers: tuple[int, ...]) -> Frame:
    """The innermost frame for these core registers."""
    return Frame(registers[:16], bool(registers[16] & THUMB_BIT), False)
