"""Where a machine stands that was stopped from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.report.registers import register_lines

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine import Machine


def state_text(machine: Machine, debug: DebugFiles) -> str:
    """Where a stopped run was: the current process and its registers."""
    process = machine.kernel.current
    who = "nobody runs" if process is None else f"process {process.pid} runs"
    return "\n".join([f"  {who}", *register_lines(machine.engine.core_registers())])
