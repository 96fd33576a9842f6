"""The report of a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.faults import Fault
from emu.report.registers import register_lines

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine import Machine


def fault_text(machine: Machine, debug: DebugFiles, fault: Fault) -> str:
    """What happened, the walk that failed, and the registers."""
    lines = [f"emu: {fault.headline} in {debug.program.place(fault.pc)}"]
    if fault.walk is not None:
        lines.append(f"  walk  {fault.walk}")
    return "\n".join(lines + register_lines(fault.registers))
