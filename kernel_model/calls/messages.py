"""Messages: 64 bytes from one process to another, which wait for each other (rendezvous)."""

from __future__ import annotations

import struct
from typing import Final

from kernel_model.abi import FAULT_BIT, MESSAGE_SIZE, NO_ID, Error, ProcState
from kernel_model.calls.endings import release_record
from kernel_model.calls.faults import answer, check_not_faulted, is_stopped_for
from kernel_model.delivery import answered, hand_over_message, put, wait_for
from kernel_model.descriptors import WRITE
from kernel_model.errors import Refused
from kernel_model.events import DeathTold, Delivery, MessageDelivered
from kernel_model.kernel import Kernel
from kernel_model.process import Process, Result, Start
from kernel_model.user import Ranges, check_range, read, store, writable


def send(kernel: Kernel, caller: Process, pid: int, pointer: int) -> int:
    """Send the 64 bytes at ``pointer``; blocks until they are received.

    A parent's first message to a child that has not started starts it: its words are pc (bit 0
    selects Thumb), sp, r0, r1, r2, r3.  A fault handler's message to a process that has stopped
    for it is the answer to the fault.
    Errors: NO_PROCESS, TO_SELF, BAD_POINTER, NO_VSPACE, PEER_DIED, PEER_FAULTED, BAD_KIND.
    Source: docs/kernel.md, ``send``; rules 11 and 15.
    """
    target = _partner(kernel, caller, pid)
    message = read(kernel, caller, pointer, MESSAGE_SIZE)
    if target.state is _NEW and target.parent == caller.pid:
        _start(kernel, caller, target, message)
    elif is_stopped_for(caller, target):
        answer(kernel, caller, target, message)
    else:
        check_not_faulted(caller, target)
        if not hand_over_message(kernel, caller, target, _MESSAGE, message, caller.pid):
            wait_for(kernel, caller, target, _SENDING, message)
    return 0


def _partner(kernel: Kernel, caller: Process, pid: int) -> Process:
    target = kernel.process(pid)
    if target is caller:
        raise Refused(Error.TO_SELF, "process {pid} would wait for itself", pid=pid)
    return target


def _start(kernel: Kernel, caller: Process, target: Process, message: bytes) -> None:
    if target.l1 == NO_ID:
        raise Refused(Error.NO_VSPACE, "process {pid} has no vspace", pid=target.pid)
    kernel.tell(MessageDelivered(caller.pid, target.pid, Delivery.START, message))
    kernel.wake(target, Start(*struct.unpack_from("<6I", message)))
    kernel.publish(target)


def recv(kernel: Kernel, caller: Process, pointer: int) -> int:
    """Receive 64 bytes at ``pointer``; blocks.  Returns the sender's pid.

    Ends of children are reported first, in their order: PEER_DIED, with a ``struct death`` at
    ``pointer``.  Messages follow, first come first served.  A fault arrives as a ``struct fault``,
    and the result is the pid of the stopped process with bit 30 set.
    Errors: BAD_POINTER.  Source: docs/kernel.md, ``recv``; rules 12 and 15.
    """
    ranges = check_range(kernel, caller, pointer, MESSAGE_SIZE, WRITE)
    if caller.deaths:
        death, *others = caller.deaths
        caller.deaths = tuple(others)
        store(kernel, ranges, death.message())
        release_record(kernel, caller.pid, death.record)
        kernel.tell(DeathTold(caller.pid, death))
        return kernel.convention.result_of(Error.PEER_DIED)
    if caller.senders:
        return _take_first(kernel, caller, ranges)
    caller.state, caller.buffer = _RECEIVING, pointer
    kernel.release(caller)
    return 0


def _take_first(kernel: Kernel, caller: Process, ranges: Ranges) -> int:
    """Receive from the first sender in the queue, which continues or waits for an answer."""
    sender = kernel.processes[next(iter(caller.senders))]
    del caller.senders[sender.pid]
    message, sender.message = sender.message, b""
    put(kernel, sender, caller, _KINDS[sender.state], ranges, message)
    if sender.state is _SENDING:
        kernel.wake(sender, Result(0))
    elif sender.state is ProcState.CALLING:
        sender.state = ProcState.AWAITING
    else:
        sender.state = ProcState.STOPPED
    if sender.record != NO_ID:
        kernel.publish(sender)
    return sender.pid if sender.fault is None else sender.pid | FAULT_BIT


_NEW: Final = ProcState.NEW
_SENDING: Final = ProcState.SENDING
_RECEIVING: Final = ProcState.RECEIVING
_MESSAGE: Final = Delivery.MESSAGE
"""Looked up once: a member of an enumeration takes longer to look up than a call to make."""
_KINDS: Final = {
    ProcState.SENDING: Delivery.MESSAGE,
    ProcState.CALLING: Delivery.CALL,
    ProcState.FAULTED: Delivery.FAULT,
}
"""The kind of a queued sender's message, by the sender's state."""


def call(kernel: Kernel, caller: Process, pid: int, pointer: int) -> int:
    """Send the 64 bytes at ``pointer`` and wait for the reply, which replaces them.

    Until then the caller receives no other message, and no other process can reply.
    Errors: NO_PROCESS, TO_SELF, BAD_POINTER, PEER_DIED, PEER_FAULTED.
    Source: docs/kernel.md, ``call``; rule 12.
    """
    target = _partner(kernel, caller, pid)
    message = read(kernel, caller, pointer, MESSAGE_SIZE)
    check_range(kernel, caller, pointer, MESSAGE_SIZE, WRITE)
    check_not_faulted(caller, target)
    received = hand_over_message(kernel, caller, target, Delivery.CALL, message, caller.pid)
    caller.buffer = pointer
    state = ProcState.AWAITING if received else ProcState.CALLING
    wait_for(kernel, caller, target, state, message)
    return 0


def reply(kernel: Kernel, caller: Process, pid: int, pointer: int) -> int:
    """Answer a call that the caller has received with the 64 bytes at ``pointer``; never blocks.

    If the process that called can no longer write its buffer, its call fails with BAD_POINTER.

    Errors: NO_PROCESS, BAD_POINTER, NOT_CALLING.  Source: docs/kernel.md, ``reply``; rule 12.
    """
    target = kernel.process(pid)
    message = read(kernel, caller, pointer, MESSAGE_SIZE)
    if target.state is not ProcState.AWAITING or target.partner != caller.pid:
        raise Refused(
            Error.NOT_CALLING, "process {pid} waits for no reply of process {caller}",
            pid=pid, caller=caller.pid,
        )  # fmt: skip
    ranges = writable(kernel, target, target.buffer, MESSAGE_SIZE)
    if ranges is not None:
        put(kernel, caller, target, Delivery.REPLY, ranges, message)
    kernel.wake(target, answered(kernel, ranges, 0))
    kernel.publish(target)
    return 0
