"""Processes that end because their vspace was swapped for one that lacks their code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.decoding.calls import entry_text
from emu.machine.fault import Fault
from emu.machine.history import History, KernelEntry
from kernel_model.abi import NO_ID
from kernel_model.descriptors import EXEC
from kernel_model.events import VspaceChanged
from kernel_model.memory import PAGE_BASE
from kernel_model.process import Process

if TYPE_CHECKING:
    from kernel_model.kernel import Kernel


def last_swap(history: History, process: Process) -> KernelEntry | None:
    """The call that swapped the process's vspace for its present one, or None."""
    for entry, event in reversed(history.events):
        if isinstance(event, VspaceChanged) and event.pid == process.pid:
            return entry if event.before != NO_ID and event.l1 == process.l1 else None
    return None


def killing_text(kernel: Kernel, history: History, fault: Fault) -> str | None:
    """One line for a process whose code another process has swapped away, or None.

    A parent may end a child in this way: it is no mistake.
    """
    if fault.access != EXEC or fault.va & PAGE_BASE != fault.pc & PAGE_BASE:
        return None
    process = kernel.processes[fault.pid]
    swap = last_swap(history, process)
    if swap is None or swap.pid == fault.pid or fault.walk is None or fault.walk.fault is None:
        return None
    caller = kernel.processes.get(swap.pid, process)
    return f"process {fault.pid} was ended by {entry_text(kernel, caller, swap)}"
