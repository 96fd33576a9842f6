"""The report of a machine that was stopped from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.report.code import Listing
from emu.report.context import Context
from emu.report.layout import register_lines, section
from emu.report.stack import level_lines, levels_of

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.core import Core
    from emu.machine.history import History
    from kernel_model.kernel import Kernel


def state_text(kernel: Kernel, history: History, core: Core, debug: DebugFiles) -> str:
    """The process on a core, with its registers, its code and its backtrace."""
    process = kernel.running[core.number]
    if process is None:
        return "\n".join(["  no process runs", *(f"  {line}" for line in kernel.waiting())])
    registers = core.engine.registers.core()
    context = Context(kernel, history, debug, process, registers)
    levels, end_of_levels = levels_of(context, registers)
    call = levels[0][0]
    others = len(kernel.processes) - 1
    lines = [f"  process {process.pid} runs, in {call}" + (f"; {others} more" if others else "")]
    lines += section("registers", register_lines(registers))
    lines += section("code", Listing(context, call.at, call.thumb).lines())
    return "\n".join(lines + section("backtrace", level_lines(levels, end_of_levels)))
