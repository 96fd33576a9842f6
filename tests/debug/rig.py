"""A guest in a machine of the test's own, stopped where its state is interesting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from emu.cpu.registers import THUMB_BIT
from emu.debuginfo import DebugFiles, open_files
from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine, Options
from emu.machine.fault import MachineFault
from emu.report.context import Context
from emu.unwind import StackFrame
from tests.observing import OnFault


def machine_for(
    path: Path, on_fault: Callable[[MachineFault], None] | None = None, **options: int
) -> Machine:
    """A machine about to run the program, with an outside that says nothing."""
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    machine = Machine(image, ScriptedWorld(), Options(**options))
    if on_fault is not None:
        machine.observers.add(OnFault(on_fault))
    return machine


def debug_for(path: Path) -> DebugFiles:
    return open_files(str(path))


def context_now(machine: Machine, debug: DebugFiles) -> Context:
    """The current process, as it is."""
    process = machine.kernel.running[0]
    assert process is not None
    registers = machine.cores[0].engine.registers.core()
    return Context(machine.kernel, machine.history, debug, process, registers)


def frame_of(registers: tuple[int, ...]) -> StackFrame:
    """The innermost frame for these core registers."""
    return StackFrame(registers[:16], bool(registers[16] & THUMB_BIT), False)
