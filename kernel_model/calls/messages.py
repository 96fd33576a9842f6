"""Messages: 64 bytes from one process to another, both at the meeting point."""

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

    The first message from a parent to a process that has not started starts it: its words are
    pc (bit 0 selects Thumb), sp, r0, r1, r2, r3.  To a process that has stopped, what its fault
    handler sends is the answer.
    Errors: NO_PROCESS, TO_SELF, BAD_POINTER, NO_VSPACE, PEER_DIED, PEER_FAULTED, BAD_KIND.
    Source: spec; rules 11 and 15.
    """
    target = _partner(kernel, caller, pid)
    message = read(kernel, caller, pointer, MESSAGE_SIZE)
    if target.state is ProcState.NEW and target.parent == caller.pid:
        _start(kernel, caller, target, message)
    elif is_stopped_for(caller, target):
        answer(kernel, caller, target, message)
    else:
        check_not_faulted(caller, target)
        if not hand_over_message(kernel, caller, target, _MESSAGE, message, caller.pid):
            wait_for(kernel, caller, target, ProcState.SENDING, message)
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
    """Receive 64 bytes at ``pointer``; blocks.  Returns the pid of whoever sent them.

    Of children that have ended it tells first, in that order: PEER_DIED, and ``struct death`` at
    ``pointer``.  Then messages, first come first served; one that tells of a fault, ``struct
    fault``, returns the pid of the process that stopped with bit 30 set.
    Errors: BAD_POINTER.  Source: spec, calls; rules 12 and 15.
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
    caller.state, caller.buffer = ProcState.RECEIVING, pointer
    kernel.release(caller)
    return 0


def _take_first(kernel: Kernel, caller: Process, ranges: Ranges) -> int:
    """Receive from the first in the queue, and let it wait for what it wants next."""
    sender = kernel.processes[next(iter(caller.senders))]
    del caller.senders[sender.pid]
    message, sender.message = sender.message, b""
    put(kernel, sender, caller, _KINDS[sender.state], ranges, message)
    if sender.state is ProcState.SENDING:
        kernel.wake(sender, Result(0))
    elif sender.state is ProcState.CALLING:
        sender.state = ProcState.AWAITING
    else:
        sender.state = ProcState.STOPPED
    kernel.publish(sender)
    return sender.pid if sender.fault is None else sender.pid | FAULT_BIT


_MESSAGE: Final = Delivery.MESSAGE
_KINDS: Final = {
    ProcState.SENDING: Delivery.MESSAGE,
    ProcState.CALLING: Delivery.CALL,
    ProcState.FAULTED: Delivery.FAULT,
}
"""What arrives from a sender in the queue, by what it waits for."""


def call(kernel: Kernel, caller: Process, pid: int, pointer: int) -> int:
    """Send the 64 bytes at ``pointer`` and wait for the reply, which replaces them.

    Nobody else's message is received meanwhile, and nobody else can reply.
    Errors: NO_PROCESS, TO_SELF, BAD_POINTER, PEER_DIED, PEER_FAULTED.
    Source: spec, calls; rule 12.
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

    If there is no place for them any more where that process called, its call fails instead.
    Errors: NO_PROCESS, BAD_POINTER, NOT_CALLING.  Source: spec, calls; rule 12.
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
