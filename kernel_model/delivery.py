"""Handing messages over: the effects that calls, replies, faults and endings have in common.

Nothing here decides.
"""

from __future__ import annotations

from kernel_model.abi import MESSAGE_SIZE, NO_ID, Error, ProcState
from kernel_model.events import Delivery, MessageDelivered
from kernel_model.kernel import Kernel
from kernel_model.process import Failed, Process, Result
from kernel_model.user import Ranges, store, writable


def hand_over_message(
    kernel: Kernel,
    sender: Process,
    target: Process,
    kind: Delivery,
    message: bytes,
    result: int,
) -> bool:
    """Hand a message to a process that waits for one, whose ``recv`` returns ``result``.

    False when it does not wait, or not for a message.  Its buffer was good when it asked, but
    its vspace may have been swapped since: then its ``recv`` fails instead, and False, too.
    """
    if target.state is not ProcState.RECEIVING:
        return False
    ranges = writable(kernel, target, target.buffer, MESSAGE_SIZE)
    if ranges is not None:
        put(kernel, sender, target, kind, ranges, message)
    kernel.wake(target, answered(kernel, ranges, result))
    kernel.publish(target)
    return ranges is not None


def answered(kernel: Kernel, ranges: Ranges | None, result: int) -> Result | Failed:
    """How a process goes on that waited for something to be stored at ``ranges``.

    ranges: None where there is no place for it any more.
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
    """Store a message where the receiver wants it, and count it."""
    store(kernel, ranges, message)
    sender.sent += 1
    receiver.received += 1
    kernel.tell(MessageDelivered(sender.pid, receiver.pid, kind, message))
    kernel.publish(sender)


def wait_for(
    kernel: Kernel, process: Process, partner: Process, state: ProcState, message: bytes
) -> None:
    """Let a process wait for another one in this state; the turn goes on.

    message: what it has to say, for as long as that has not been received.
    """
    process.state, process.partner = state, partner.pid
    if process.is_in_queue:
        process.message = message
        partner.senders[process.pid] = None
    kernel.release(process)


def leave_queue(kernel: Kernel, process: Process) -> None:
    """A process waits no more for its partner to receive."""
    if process.is_in_queue:
        del kernel.processes[process.partner].senders[process.pid]
    process.partner, process.message = NO_ID, b""
