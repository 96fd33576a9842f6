"""Calls that pass frames, vspaces and room to other processes."""

from __future__ import annotations

from kernel_model.abi import NO_ID, Error, FrameType, TableType
from kernel_model.calls.checks import check_table, check_type
from kernel_model.calls.maps import check_not_current
from kernel_model.charges import PAGE
from kernel_model.errors import Refused
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel
from kernel_model.mapping import cut_loose, tree
from kernel_model.process import Process


def check_may_give(kernel: Kernel, caller: Process, pid: int) -> Process:
    """The process ``pid``, to which the caller may give: a child, a sibling, or one that allows it.

    Errors: NO_PROCESS, TO_SELF, NOT_ALLOWED.  Source: docs/kernel.md, rule 9.
    """
    target = kernel.process(pid)
    if target is caller:
        raise Refused(Error.TO_SELF, "process {pid} is the caller", pid=pid)
    family = target.parent == caller.pid or target.maker == caller.maker
    if not family and target.allowed != caller.pid:
        raise Refused(
            Error.NOT_ALLOWED, "process {pid} is no child or sibling of {caller} and allows {who}",
            pid=pid, caller=caller.pid,
            who="no process" if target.allowed == NO_ID else target.allowed,
        )  # fmt: skip
    return target


def check_controls(kernel: Kernel, caller: Process, pid: int) -> Process:
    """The caller's child ``pid``.  Permission to give a frame is not control over the receiver.

    Errors: NO_PROCESS, NOT_ALLOWED.  Source: docs/kernel.md, rules 10 and 12.
    """
    target = kernel.process(pid)
    if target.parent != caller.pid:
        raise Refused(
            Error.NOT_ALLOWED, "process {pid} is a child of {parent}, not of {caller}",
            pid=pid, parent="no process" if target.parent == NO_ID else target.parent,
            caller=caller.pid,
        )  # fmt: skip
    return target


def check_tree_may_go(kernel: Kernel, root: Frame) -> list[Frame]:
    """All frames that travel with ``root``, itself first.

    Errors: WRONG_TYPE, for a PROC frame or pool memory; TABLE_CURRENT.
    """
    frames = tree(kernel, root)
    kernel.charge(len(frames) * PAGE)
    for frame in frames:
        check_type(frame, FrameType.MEM, FrameType.IO)
        check_not_current(kernel, frame)
    return frames


def hand_over(kernel: Kernel, frames: list[Frame], to: Process) -> None:
    """Remove a tree from tables outside of it, and move it to another process."""
    giver = kernel.processes[frames[0].owner]
    cut_loose(kernel, frames)
    for frame in frames:
        kernel.transfer(frame, to)
    kernel.publish(giver)
    kernel.publish(to)


def frame_give(kernel: Kernel, caller: Process, f_id: int, pid: int) -> int:
    """Give a frame, and all that is mapped in it, to another process.  Returns ``f_id``.

    Views and installations in tables outside of the tree are removed first; those inside stay.
    Errors: NO_FRAME, NO_PROCESS, TO_SELF, NOT_ALLOWED, WRONG_TYPE, TABLE_CURRENT.
    Source: docs/kernel.md, rule 9.
    """
    frame = kernel.frame_of(caller, f_id)
    target = check_may_give(kernel, caller, pid)
    frames = check_tree_may_go(kernel, frame)
    hand_over(kernel, frames, target)
    return f_id


def frame_allow(kernel: Kernel, caller: Process, pid: int) -> int:
    """Allow one more process to give to the caller; -1 allows none.

    Errors: NO_PROCESS, TO_SELF.  Source: docs/kernel.md, rule 9.
    """
    if pid != NO_ID and kernel.process(pid) is caller:
        raise Refused(Error.TO_SELF, "process {pid} is the caller", pid=pid)
    caller.allowed = pid
    return 0


def vspace_swap(kernel: Kernel, caller: Process, pid: int, f_id: int) -> int:
    """Make an L1 of the caller the current vspace of the caller or of a child.

    A child then owns the whole tree.  The process keeps its old vspace.
    Errors: NO_FRAME, NOT_TABLE, NO_PROCESS, NOT_ALLOWED, TABLE_CURRENT, WRONG_TYPE.
    Source: docs/kernel.md, rule 10.
    """
    l1 = kernel.frame_of(caller, f_id)
    check_table(l1, TableType.L1)
    target = kernel.process(pid)
    if target is not caller:
        check_controls(kernel, caller, pid)
        hand_over(kernel, check_tree_may_go(kernel, l1), target)
    kernel.set_vspace(target, l1)
    kernel.publish(target)
    return 0


def vspace_lend(kernel: Kernel, caller: Process, pid: int, f_id: int) -> int:
    """Make an L1 of the caller the current vspace of a child; the caller goes on owning the tree.

    The child keeps its old vspace.  One L1 may be lent to several children, and be the caller's
    own vspace.
    Errors: NO_FRAME, NOT_TABLE, NO_PROCESS, NOT_ALLOWED.  Source: docs/kernel.md, rule 10.
    """
    l1 = kernel.frame_of(caller, f_id)
    check_table(l1, TableType.L1)
    target = check_controls(kernel, caller, pid)
    kernel.set_vspace(target, l1)
    kernel.publish(target)
    return 0


def pool_give(kernel: Kernel, caller: Process, pid: int, count: int) -> int:
    """Move free room for ``count`` kernel objects to another process's account.

    Errors: NO_PROCESS, TO_SELF, NOT_ALLOWED, POOL_FULL.  Source: docs/kernel.md, rule 3.
    """
    target = check_may_give(kernel, caller, pid)
    kernel.check_room(caller, count)
    caller.room -= count
    target.room += count
    return 0
