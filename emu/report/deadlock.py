"""The report of a deadlock: its cycles, what each process waits for, and its backtrace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from emu.report.context import Context
from emu.report.stack import level_lines, levels_of
from kernel_model.abi import ProcState
from kernel_model.operations import Operation
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
    lines = ["emu: deadlock: every process waits and none can wake another"]
    cycles = cycles_of(kernel)
    for cycle in cycles:
        lines += _cycle_lines(kernel, cycle)
    inside = {process.pid for cycle in cycles for process in cycle}
    for process, waits in zip(kernel.processes.values(), kernel.waiting(), strict=True):
        lines.append(f"  {waits}{_behind(kernel, process, inside)}")
        if process.state is ProcState.NEW:
            continue
        values = registers(process)
        context = Context(kernel, history, debug, process, values)
        lines += [f"    {line}" for line in level_lines(*levels_of(context, values))]
    return "\n".join(lines)


def cycles_of(kernel: Kernel) -> list[list[Process]]:
    """The cycles of processes that each wait for the next, from the lowest pid of each on.

    A process waits for one other at most, so that no process is in two cycles.
    """
    cycles: list[list[Process]] = []
    seen: set[int] = set()
    for process in kernel.processes.values():
        chain = _chain(kernel, process)
        if chain[-1] is process and len(chain) > 1 and process.pid not in seen:
            cycles.append(chain[:-1])
            seen.update(one.pid for one in chain)
    return cycles


def _chain(kernel: Kernel, process: Process) -> list[Process]:
    """The process, the one that it waits for, and so on, to the end or to one that is there."""
    chain = [process]
    while (partner := _waits_for(kernel, chain[-1])) is not None:
        chain.append(partner)
        if partner in chain[:-1]:
            break
    return chain


def _waits_for(kernel: Kernel, process: Process) -> Process | None:
    """The process that alone can let this one go on, if there is such a process."""
    pid = process.parent if process.state is ProcState.NEW else process.partner
    return kernel.processes.get(pid) if process.state in _WAITS else None


_WAITS: Final = {
    ProcState.NEW: "to be started by",
    ProcState.SENDING: "to send to",
    ProcState.CALLING: "to call",
    ProcState.AWAITING: "for a reply from",
    ProcState.FAULTED: "to report its fault to",
    ProcState.STOPPED: "for an answer to its fault from",
}
"""States in which a process waits for one particular other, and what for."""

_NEEDS: Final = {
    ProcState.NEW: Operation.SEND,
    ProcState.SENDING: Operation.RECV,
    ProcState.CALLING: Operation.RECV,
    ProcState.AWAITING: Operation.REPLY,
    ProcState.FAULTED: Operation.RECV,
    ProcState.STOPPED: Operation.SEND,
}
"""What the other would have had to call."""


def _cycle_lines(kernel: Kernel, cycle: list[Process]) -> list[str]:
    """The cycle in a sentence, and the calls that its members wait for."""
    pairs = list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    waits = [f"{one.pid} waits {_WAITS[one.state]} {other.pid}" for one, other in pairs]
    calls = [f"a {_call(kernel, one)} by {other.pid}" for one, other in pairs]
    return [
        f"  a cycle: process {', '.join(waits)}",
        f"    any of these would have ended it: {', '.join(calls)}",
    ]


def _call(kernel: Kernel, waiting: Process) -> str:
    """The call by the other that lets a waiting process go on."""
    name = kernel.calls.name_of(_NEEDS[waiting.state])
    receives = _NEEDS[waiting.state] is Operation.RECV
    return name if receives else f"{name} to {waiting.pid}"


def _behind(kernel: Kernel, process: Process, inside: set[int]) -> str:
    """For a process in no cycle that waits for another: what that one waits for."""
    chain = _chain(kernel, process)
    if process.pid in inside or len(chain) < 2:
        return ""
    first = next((one for one in chain if one.pid in inside), None)
    if first is None:
        return f"; process {chain[-1].pid} waits for a message, which nobody is left to send"
    through = f", through process {chain[1].pid}" if first is not chain[1] else ""
    return f"; process {first.pid} is in a cycle{through}"
