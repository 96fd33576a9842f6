"""Delivery of messages: the effects that calls, replies, faults and endings share.

Every function is called after all checks.
"""

from __future__ import annotations

from typing import Final

from kernel_model.abi import MESSAGE_SIZE, NO_ID, Error, ProcState
from kernel_model.events import Delivery, MessageDelivered
from kernel_model.kernel import Kernel
from kernel_model.process import Failed, Process, Result
from kernel_model.user import Ranges, store, writable

_RECEIVING: Final = ProcState.RECEIVING


def hand_over_message(
    kernel: Kernel,
    sender: Process,
    target: Process,
    kind: Delivery,
    message: bytes,
    result: int,
) -> bool:
    """Deliver a message to a process that waits in ``recv``, which then returns ``result``.

    Returns whether the message was delivered: False when the target does not wait in ``recv``.
    Its buffer was writable when it called, but its vspace may have changed since; then its
    ``recv`` fails with BAD_POINTER and this returns False, too.
    """
    if target.state is not _RECEIVING:
        return False
    ranges = writable(kernel, target, target.buffer, MESSAGE_SIZE)
    if ranges is not None:
        put(kernel, sender, target, kind, ranges, message)
    kernel.wake(target, answered(kernel, ranges, result))
    if target.record != NO_ID:
        kernel.publish(target)
    return ranges is not None


def answered(kernel: Kernel, ranges: Ranges | None, result: int) -> Result | Failed:
    """How a process continues that waited for data to be stored at ``ranges``.

    ranges: None when the process can no longer write its buffer: its call fails.
    """
    return kernel.failure(Error.BAD_POINTER) if ranges is None else Result(result)


def put(
    kernel: Kernel,
    sender: Process,
    receiver: Process,
    kind: Delivery,
    ranges: Ranges,
    message: bytes,
) -> None:
    """Store a message in the receiver's buffer, and count it.

    Whoever calls this publishes both processes, when all of the entry is done.
    """
    store(kernel, ranges, message)
    sender.sent += 1
    receiver.received += 1
    if kernel.wants(MessageDelivered):
        kernel.tell(MessageDelivered(sender.pid, receiver.pid, kind, message))


def wait_for(
    kernel: Kernel, process: Process, partner: Process, state: ProcState, message: bytes
) -> None:
    """Block a process in ``state`` until ``partner`` acts, and give its core to the next.

    message: what the partner is to receive, kept until then.
    """
    process.state, process.partner = state, partner.pid
    if process.is_in_queue:
        process.message = message
        partner.senders[process.pid] = None
    kernel.release(process)


def leave_queue(kernel: Kernel, process: Process) -> None:
    """Take a process out of its partner's queue: it no longer waits for the partner to receive."""
    if process.is_in_queue:
        del kernel.processes[process.partner].senders[process.pid]
    process.partner, process.message = NO_ID, b""
