"""Calls that make and end processes, and ``yield``."""

from __future__ import annotations

from typing import Final

from kernel_model.abi import Error, FrameType, TableType
from kernel_model.calls.checks import check_type, check_unmapped
from kernel_model.calls.endings import end_process
from kernel_model.calls.giving import check_controls, check_tree_may_go, hand_over
from kernel_model.charges import pages
from kernel_model.errors import Refused
from kernel_model.events import ThreadPointerSet
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_SIZE
from kernel_model.process import Ended, Exited, Process, Result

_DONE: Final = Result(0)

RECORD_SIZE = 2 * PAGE_SIZE
"""The least size of a PROC frame: the information page and the kernel's record."""


def proc_new(kernel: Kernel, caller: Process, f_id: int) -> int:
    """Make a process of a frame and return its pid; it starts when its parent sends to it.

    An unmapped MEM frame of two pages or more becomes the process.  An L1 table becomes the
    vspace of a process whose record comes from the pool.
    Errors: NO_FRAME, IS_TABLE, WRONG_TYPE, MAPPED, BAD_SIZE, TABLE_CURRENT, POOL_FULL,
    NO_ID_LEFT.
    Source: docs/kernel.md, rule 11.
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
    kernel.check_room(caller)
    kernel.check_pid()
    process = kernel.add_process(caller.pid)
    hand_over(kernel, frames, process)
    kernel.set_vspace(process, l1)
    return process.pid


def _from_frame(kernel: Kernel, caller: Process, frame: Frame) -> int:
    process = kernel.add_process(caller.pid, record=frame.f_id)
    frame.type = FrameType.PROC
    kernel.memory.zero(frame.pa, frame.len)
    kernel.charge(pages(frame.len))
    kernel.tell_written(frame.pa, frame.len)
    kernel.transfer(frame, process)
    kernel.publish(caller)
    kernel.publish(process)
    return process.pid


def yield_(kernel: Kernel, caller: Process) -> int:
    """Let all other ready processes run first.  Source: docs/kernel.md, ``yield``."""
    if kernel.ready:
        caller.resume = _DONE
        kernel.ready.append(caller.pid)
        kernel.run_next(kernel.core)
    return 0


def thread_pointer(kernel: Kernel, caller: Process, va: int) -> int:
    """Set the caller's TPIDRURO to any address; user mode reads it and cannot write it.

    Source: docs/kernel.md, ``thread_pointer``; Arm ARM DDI 0406C, B4.1.150.
    """
    caller.thread_pointer = va
    kernel.tell(ThreadPointerSet(caller.pid, va))
    return 0


def exit_(kernel: Kernel, caller: Process, status: int) -> int:
    """End the caller.  Does not return.  Source: docs/kernel.md, rule 12."""
    end_process(kernel, caller, Exited(status))
    return 0


def proc_end(kernel: Kernel, caller: Process, pid: int, status: int) -> int:
    """End a child of the caller, in any state; ``recv`` will not report its end.

    Errors: NO_PROCESS, NOT_ALLOWED.  Source: docs/kernel.md, rule 12.
    """
    end_process(kernel, check_controls(kernel, caller, pid), Ended(caller.pid, status))
    return 0
