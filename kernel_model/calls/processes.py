"""Calls that begin and end processes and pass the turn."""

from __future__ import annotations

from kernel_model.abi import NO_ID, Error, FrameType, ProcState, TableType
from kernel_model.calls.checks import check_type, check_unmapped
from kernel_model.calls.giving import check_tree_may_go, hand_over
from kernel_model.errors import Refused
from kernel_model.frame import Frame
from kernel_model.kernel import PROC0, Kernel
from kernel_model.mapping import dissolve
from kernel_model.memory import PAGE_SIZE
from kernel_model.process import Ending, Exited, Process, Result

RECORD_SIZE = 2 * PAGE_SIZE
"""The least a PROC frame holds: the information page, and the kernel's record."""


def proc_new(kernel: Kernel, caller: Process, f_id: int) -> int:
    """Make a process of a frame and return its pid; it starts when its parent sends to it.

    A MEM frame of two pages or more, unmapped, becomes the process; an L1 table becomes
    the vspace of a process whose record comes from the pool.
    Errors: NO_FRAME, IS_TABLE, WRONG_TYPE, MAPPED, BAD_SIZE, TABLE_CURRENT, POOL_FULL,
    NO_ID_LEFT.
    Source: seed; rule 11.
    """
    frame = kernel.frame_of(caller, f_id)
    if frame.table is TableType.L1:
        return _from_vspace(kernel, caller, frame)
    if frame.table is TableType.L2:
        raise Refused(Error.IS_TABLE, "{frame} is an L2 table", frame=frame)
    check_type(frame, FrameType.MEM)
    check_unmapped(frame)
    if frame.len < RECORD_SIZE:
        raise Refused(Error.BAD_SIZE, "{frame} is less than two pages", frame=frame)
    kernel.check_pid()
    return _from_frame(kernel, caller, frame)


def _from_vspace(kernel: Kernel, caller: Process, l1: Frame) -> int:
    frames = check_tree_may_go(kernel, l1)
    kernel.check_pool()
    kernel.check_pid()
    kernel.pool.used += 1
    process = kernel.add_process(caller.pid)
    hand_over(kernel, frames, process)
    kernel.set_vspace(process, l1)
    return process.pid


def _from_frame(kernel: Kernel, caller: Process, frame: Frame) -> int:
    process = kernel.add_process(caller.pid, record=frame.f_id)
    frame.type = FrameType.PROC
    kernel.memory.zero(frame.pa, frame.len)
    kernel.host.memory_written(frame.pa, frame.len)
    kernel.transfer(frame, process)
    kernel.publish(caller)
    kernel.publish(process)
    return process.pid


def yield_(kernel: Kernel, caller: Process) -> int:
    """Let the others have a turn first.  Source: spec, calls."""
    if kernel.ready:
        caller.resume = Result(0)
        kernel.ready.append(caller.pid)
        kernel.release(caller)
    return 0


def exit_(kernel: Kernel, caller: Process, status: int) -> int:
    """End the caller.  Does not return.  Source: rule 12."""
    end_process(kernel, caller, Exited(status))
    return 0


def end_process(kernel: Kernel, process: Process, ending: Ending) -> None:
    """End a process, whatever it does just now; its memory goes to its parent (rule 12).

    When proc0 ends, the machine halts.
    """
    if kernel.processes.get(process.pid) is not process:
        raise AssertionError(f"end_process: process {process.pid} has ended already")
    _leave_queues(kernel, process)
    process.state = ProcState.DEAD
    kernel.publish(process)
    if process.pid == PROC0:
        kernel.halt(ending)
        return
    heir = kernel.processes[process.parent]  # proc0, once the parent that it had is gone
    _bequeath(kernel, process, heir)
    _tell_the_others(kernel, process)
    del kernel.processes[process.pid]
    kernel.publish(heir)
    kernel.release(process)


def _leave_queues(kernel: Kernel, process: Process) -> None:
    """A process that ends waits neither for its turn nor for anybody to receive."""
    if process.pid in kernel.ready:
        kernel.ready.remove(process.pid)
    if process.partner != NO_ID:
        del kernel.processes[process.partner].senders[process.pid]
        process.partner, process.message = NO_ID, b""


def _bequeath(kernel: Kernel, process: Process, heir: Process) -> None:
    frames = [kernel.frames[f_id] for f_id in process.frames]
    dissolve(kernel, frames)
    if process.record == NO_ID:
        kernel.pool.used -= 1
    else:
        kernel.frames[process.record].type = FrameType.MEM
    for frame in frames:
        kernel.transfer(frame, heir)


def _tell_the_others(kernel: Kernel, process: Process) -> None:
    """Children find a new parent; whoever waits for the process gets PEER_DIED.

    Besides those who send to it that is its parent, if it waits for a message: it would
    else have no way to learn that the message will never come.
    """
    for other in kernel.processes.values():
        if other.parent == process.pid:
            other.parent = PROC0
            kernel.publish(other)
        if other.allowed == process.pid:
            other.allowed = NO_ID
        if other.partner == process.pid or (
            other.pid == process.parent and other.state is ProcState.RECEIVING
        ):
            kernel.wake(other, Result(Error.PEER_DIED))
            kernel.publish(other)
