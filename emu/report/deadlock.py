"""The report of a deadlock: what each process waits for, and its backtrace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.report.context import Context
from emu.report.stack import level_lines, levels_of
from kernel_model.abi import ProcState
from kernel_model.process import Process

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.history import History
    from kernel_model.kernel import Kernel


def deadlock_text(
    kernel: Kernel,
    history: History,
    debug: DebugFiles,
    registers: Callable[[Process], tuple[int, ...]],
) -> str:
    """The whole report.  registers: of a process, r0-r12, sp, lr, pc, cpsr."""
    lines = ["emu: deadlock: every process waits and nobody can wake another"]
    for process, waits in zip(kernel.processes.values(), kernel.waiting(), strict=True):
        lines.append(f"  {waits}")
        if process.state is ProcState.NEW:
            continue
        values = registers(process)
        context = Context(kernel, history, debug, process, values)
        lines += [f"    {line}" for line in level_lines(*levels_of(context, values))]
    return "\n".join(lines)
