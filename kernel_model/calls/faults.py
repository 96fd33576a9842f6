"""Faults: entering the kernel with one, naming a handler, and the handler's answer.

Source: docs/kernel.md, rules 12 and 15.
"""

from __future__ import annotations

import struct
from typing import Final

from kernel_model.abi import (
    ANSWER_STRUCT,
    FAULT_BIT,
    NO_ID,
    Error,
    FaultAnswer,
    ProcState,
)
from kernel_model.calls.endings import end_process
from kernel_model.calls.giving import check_may_give
from kernel_model.delivery import hand_over_message, leave_queue, wait_for
from kernel_model.errors import Refused
from kernel_model.events import Delivery, MessageDelivered
from kernel_model.kernel import Kernel
from kernel_model.process import FaultRecord, Process, Redirect

_STOPPED: Final = ProcState.STOPPED


def fault_handler(kernel: Kernel, caller: Process, pid: int) -> int:
    """Name the process that receives the caller's faults; -1: none, and a fault ends the caller.

    The handler is the caller's parent, or a process to which the caller may give: its child, its
    sibling, or one that allows it.
    Errors: NO_PROCESS, TO_SELF, NOT_ALLOWED.  Source: docs/kernel.md, rule 15.
    """
    if pid != NO_ID and kernel.process(pid) is caller:
        raise Refused(Error.TO_SELF, "process {pid} cannot answer its own faults", pid=pid)
    if pid not in (NO_ID, caller.parent):
        check_may_give(kernel, caller, pid)
    caller.handler = pid
    return 0


def fault(kernel: Kernel, process: Process, record: FaultRecord) -> None:
    """A running process has faulted: stop it for its handler, or end it if it has none."""
    if process.handler == NO_ID:
        end_process(kernel, process, record.ending)
        return
    handler = kernel.processes[process.handler]
    _release_handler(kernel, handler, process)
    message = record.message()
    told = hand_over_message(
        kernel, process, handler, Delivery.FAULT, message, process.pid | FAULT_BIT
    )
    process.fault = record
    state = ProcState.STOPPED if told else ProcState.FAULTED
    wait_for(kernel, process, handler, state, message)
    kernel.publish(process)


def _release_handler(kernel: Kernel, handler: Process, process: Process) -> None:
    """Fail a handler's call that waits for the process that has faulted, with PEER_FAULTED.

    Otherwise each would wait for the other.
    """
    if handler.partner == process.pid and handler.fault is None:
        leave_queue(kernel, handler)
        kernel.wake(handler, kernel.failure(Error.PEER_FAULTED))
        kernel.publish(handler)


def check_not_faulted(caller: Process, target: Process) -> None:
    """Errors: PEER_FAULTED, when the caller has yet to receive or answer the target's fault."""
    if target.fault is not None and target.partner == caller.pid:
        raise Refused(
            Error.PEER_FAULTED, "process {pid} has faulted: {why}",
            pid=target.pid, why=target.fault.why,
        )  # fmt: skip


def is_stopped_for(caller: Process, target: Process) -> bool:
    """Whether a message from the caller to the target answers a fault."""
    return target.state is _STOPPED and target.partner == caller.pid


def answer(kernel: Kernel, handler: Process, target: Process, message: bytes) -> None:
    """Continue or end a stopped process, as its handler's ``struct fault_answer`` says.

    Errors: BAD_KIND.
    """
    kind, pc, sp, *registers = struct.unpack_from(ANSWER_STRUCT, message)
    assert target.fault is not None
    if kind not in _ANSWERS:
        raise Refused(Error.BAD_KIND, "{kind:#x} is no answer to a fault", kind=kind)
    kernel.tell(MessageDelivered(handler.pid, target.pid, Delivery.ANSWER, message))
    if kind == FaultAnswer.END:
        end_process(kernel, target, target.fault.ending)
        return
    kernel.wake(
        target, Redirect(pc, sp, tuple(registers)) if kind == FaultAnswer.REDIRECT else None
    )
    kernel.publish(target)


_ANSWERS = tuple(FaultAnswer)
