"""Messages: 64 bytes from one process to another, both at the meeting point."""

from __future__ import annotations

import struct

from kernel_model.abi import MESSAGE_SIZE, NO_ID, Error, ProcState
from kernel_model.descriptors import WRITE
from kernel_model.errors import Refused
from kernel_model.kernel import Kernel
from kernel_model.process import Process, Result, Start
from kernel_model.user import check_range, read, store, writable


def send(kernel: Kernel, caller: Process, pid: int, pointer: int) -> int:
    """Send the 64 bytes at ``pointer``; blocks until they are received.

    The first message from a parent to a process that has not started starts it: its words are
    pc (bit 0 selects Thumb), sp, r0, r1, r2, r3.
    Errors: NO_PROCESS, TO_SELF, BAD_POINTER, NO_VSPACE, PEER_DIED.  Source: spec; rule 11.
    """
    target = kernel.process(pid)
    if target is caller:
        raise Refused(Error.TO_SELF, "process {pid} would wait for itself", pid=pid)
    message = read(kernel, caller, pointer, MESSAGE_SIZE)
    if target.state is ProcState.NEW and target.parent == caller.pid:
        _start(kernel, target, message)
    elif not _deliver(kernel, caller, target, message):
        caller.state, caller.partner, caller.message = ProcState.SENDING, pid, message
        target.senders[caller.pid] = None
        kernel.release(caller)
    return 0


def _start(kernel: Kernel, target: Process, message: bytes) -> None:
    if target.l1 == NO_ID:
        raise Refused(Error.NO_VSPACE, "process {pid} has no vspace", pid=target.pid)
    kernel.wake(target, Start(*struct.unpack_from("<6I", message)))
    kernel.publish(target)


def _deliver(kernel: Kernel, sender: Process, target: Process, message: bytes) -> bool:
    """Hand a message to a process that waits for one; False when it does not wait.

    Its buffer was good when it asked, but its vspace may have been swapped since: then its
    ``recv`` fails instead, and the message stays with the sender.
    """
    if target.state is not ProcState.RECEIVING:
        return False
    ranges = writable(kernel, target, target.buffer, MESSAGE_SIZE)
    if ranges is not None:
        store(kernel, ranges, message)
        _count(kernel, sender, target)
    kernel.wake(target, Result(Error.BAD_POINTER if ranges is None else sender.pid))
    kernel.publish(target)
    return ranges is not None


def _count(kernel: Kernel, sender: Process, receiver: Process) -> None:
    sender.sent += 1
    receiver.received += 1
    kernel.publish(sender)


def recv(kernel: Kernel, caller: Process, pointer: int) -> int:
    """Receive 64 bytes at ``pointer`` from whoever sent first; blocks.  Returns the sender's pid.

    Errors: BAD_POINTER; PEER_DIED, when a child of the caller ends while it waits.
    Source: spec, calls; rule 12.
    """
    ranges = check_range(kernel, caller, pointer, MESSAGE_SIZE, WRITE)
    if not caller.senders:
        caller.state, caller.buffer = ProcState.RECEIVING, pointer
        kernel.release(caller)
        return 0
    sender = kernel.processes[next(iter(caller.senders))]
    del caller.senders[sender.pid]
    store(kernel, ranges, sender.message)
    _count(kernel, sender, caller)
    kernel.wake(sender, Result(0))
    kernel.publish(sender)
    return sender.pid
