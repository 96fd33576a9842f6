"""Vspaces that were swapped away under who ran on them: how one process ends another, or itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.decoding.calls import act_text
from emu.machine.fault import Fault
from emu.machine.history import Act, History
from kernel_model.abi import NO_ID
from kernel_model.descriptors import EXEC
from kernel_model.memory import PAGE_BASE
from kernel_model.process import Process

if TYPE_CHECKING:
    from kernel_model.kernel import Kernel

_GIVES_VSPACES = ("vspace_swap", "vspace_lend")


def last_swap(history: History, process: Process) -> Act | None:
    """The call that put a process on another vspace than it had begun with, if it runs on that."""
    acts = [
        act
        for act, _ in history.calls
        if act.call.name in _GIVES_VSPACES and act.words[0] == process.pid
    ]
    # Who was made of a frame had no vspace before the first of them.
    had_one = process.parent == NO_ID or process.record == NO_ID
    if len(acts) < (1 if had_one else 2) or acts[-1].words[1] != process.l1:
        return None
    return acts[-1]


def killing_text(kernel: Kernel, history: History, fault: Fault) -> str | None:
    """One line for a process whose next instruction another has swapped away; else None.

    That is a way to end it, and no mistake of anybody's.
    """
    if fault.access != EXEC or fault.va & PAGE_BASE != fault.pc & PAGE_BASE:
        return None
    process = kernel.processes[fault.pid]
    swap = last_swap(history, process)
    if swap is None or swap.pid == fault.pid or fault.walk is None or fault.walk.fault is None:
        return None
    caller = kernel.processes.get(swap.pid, process)
    return f"process {fault.pid} was ended by {act_text(kernel, caller, swap)}"
