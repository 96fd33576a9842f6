"""What would have made an access legal: calls with their arguments, or why no call can."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emu.decoding.calls import planned_text
from emu.machine.fault import MachineFault
from emu.report.cause import Cause, overflowed_stack
from emu.report.context import Context, View, views_in
from emu.report.history import Loss, loss, refused_map
from kernel_model.abi import (
    KERNEL_VA,
    MAP_NOEXEC,
    MAP_READ,
    MAP_WRITE,
    FrameType,
    MapKind,
    TableType,
)
from kernel_model.boot import SYSTEM_AREA_SIZE
from kernel_model.calls.giving import check_may_give
from kernel_model.descriptors import EXEC, SECTION_SIZE, WRITE, Section, user_rights
from kernel_model.errors import Refused
from kernel_model.frame import Frame
from kernel_model.kernel import PROC0
from kernel_model.memory import PAGE_SIZE
from kernel_model.operations import Operation
from kernel_model.plan import NoPlanError, Plan, PlannedCall, planned
from kernel_model.trial import Trial
from kernel_model.walk import FaultStatus, walk

Calls = tuple[tuple[int, PlannedCall], ...]
"""Calls to make, in order, each with the pid of its caller."""


class Hint(NamedTuple):
    """text: a sentence.  calls: what to do, if calls can do it: each of them succeeds."""

    text: str
    calls: Calls = ()


def hint_for(context: Context, fault: MachineFault, cause: Cause) -> Hint | None:
    """What would have made the access legal."""
    if fault.status in (FaultStatus.ALIGNMENT, FaultStatus.EXTERNAL_ABORT):
        return None
    if fault.va < PAGE_SIZE:
        return Hint("no call maps page 0: see where the pointer came from")
    if fault.va >= KERNEL_VA:
        return Hint("no call maps anything there: see where the address came from")
    view = context.view_at(fault.va)
    if view is not None and overflowed_stack(context, fault) is not None:
        return Hint("no call makes room there: it needs a larger stack, or less of it")
    if view is not None:
        return _allow(context, view, fault)
    assert fault.walk is not None
    lost = loss(context, fault.walk)
    if lost is not None and cause.frame is not None:
        return _restore(context, lost, cause.frame, fault)
    return _map_memory(context, fault)


def _checked(
    context: Context, text: str, calls: Calls, va: int, access: int, l1: Frame | None = None
) -> Hint:
    """The calls as a hint, if on trial they make an access legal; else why they do not.

    l1: of the vspace; None: the process's own.
    """
    trial = Trial(context.kernel)
    for pid, call in calls:
        if context.kernel.calls.of(call.operation) is None:
            return Hint(text, calls)  # the convention cannot say it: nothing can be tried
        refusal = trial.refusal(pid, call)
        if refusal is not None:
            return Hint(f"no calls found that would make it legal: {refusal.text}")
    table = context.kernel.l1_pa(context.process) if l1 is None else l1.pa
    status = walk(trial.kernel.memory, table, va).refusal(access)
    if status is not None:
        return Hint(f"no calls found that would make it legal: {status.text}")
    return Hint(text, calls)


def _planned(
    context: Context, text: str, prepare: Callable[[Plan], object], va: int, access: int,
    *, l1: Frame | None = None, before: Calls = (),
) -> Hint:  # fmt: skip
    """The calls of the process that maps in a vspace, which make an access legal.

    l1: of the vspace; None: the process's own.  before: calls to make first.
    """
    plan = Plan(context.kernel, context.mapper, l1 or context.l1)
    try:
        prepare(plan)
    except NoPlanError as error:
        return Hint(f"no calls found that would make it legal: {error}")
    calls = before + tuple((context.mapper.pid, call) for call in plan.calls)
    return _checked(context, text, calls, va, access, l1)


def _allow(context: Context, view: View, fault: MachineFault) -> Hint | None:
    """For a mapped address: the call that maps it with the missing right."""
    frame = view.frame
    if fault.access == EXEC and (frame.is_table or frame.type is not FrameType.MEM):
        return Hint(f"{_NEVER_EXECUTED[frame.type]} is never executed")
    if frame.is_table:
        return _edit_table(context, view, fault.va)
    if frame.type is FrameType.PROC:
        return Hint("the kernel alone writes there")
    if fault.access == EXEC:
        text, flags = "legal after", frame.v_flags & ~MAP_NOEXEC
        if _is_boot_stack(context, view):
            text = "for GCC's nested functions link with -z execstack; else legal after"
    else:
        text, flags = "legal after", frame.v_flags | MAP_WRITE
    return _planned(
        context, text, lambda plan: plan.remap(frame, flags), fault.va, fault.access
    )  # fmt: skip


def _is_boot_stack(context: Context, view: View) -> bool:
    """Whether it is the stack that the boot maps, as the program's file asks for it."""
    is_proc0 = context.process.pid == PROC0
    return is_proc0 and view == context.stack and not view.end % SYSTEM_AREA_SIZE


_NEVER_EXECUTED = {
    FrameType.MEM: "a table",
    FrameType.IO: "a device",
    FrameType.PROC: "a process's information",
}


def _edit_table(context: Context, view: View, va: int) -> Hint:
    """The call by which the kernel changes the entry that the program tried to write."""
    table = view.frame
    calls = context.kernel.calls.text("{frame_map} and {frame_unmap}")
    l1 = context.kernel.l1_over(table)
    if l1 is None:
        return Hint(f"the kernel changes tables, in {calls}; this one is installed nowhere")
    unit = PAGE_SIZE if table.table is TableType.L2 else SECTION_SIZE
    place = table.t_va + (va - view.va) // 4 * unit
    text = f"the kernel changes tables; this entry is for {place:#010x}"
    mapped = next((one for one in views_in(context.kernel, l1) if place in one), None)
    if mapped is None or mapped.frame.is_table or mapped.frame.type is FrameType.PROC:
        return Hint(f"{text}: {calls} change it")
    frame = mapped.frame
    return _planned(
        context, f"{text}, which is writable after",
        lambda plan: plan.remap(frame, frame.v_flags | MAP_WRITE), place, WRITE, l1=l1,
    )  # fmt: skip


def _restore(context: Context, lost: Loss, frame: Frame, fault: MachineFault) -> Hint | None:
    """The calls that restore the mapping that was there."""
    if frame.is_table:
        return None
    if frame.is_viewed:
        there = next((view.va for view in context.views if view.frame is frame), None)
        return None if there is None else Hint(f"frame {frame.f_id} is at {there:#010x} now")
    start = lost.start_va + frame.pa - lost.start_pa
    if frame.type is FrameType.PROC:
        return Hint(f"frame {frame.f_id} is the record of a process now")
    mapper, back = context.mapper, _back(context, frame)
    text = "legal again after"
    if frame.owner != mapper.pid:
        text = f"frame {frame.f_id} is process {frame.owner}'s now; {text}"
    kind = MapKind.SECTION if isinstance(lost.leaf, Section) else MapKind.PAGE
    flags = _flags(lost, fault.access) | kind

    def prepare(plan: Plan) -> None:
        plan.expect(frame)
        if kind is MapKind.SECTION:
            plan.map_sections(frame, start, flags)
        else:
            plan.map_frame(frame, start, flags)

    return _planned(context, text, prepare, fault.va, fault.access, before=back)


def _back(context: Context, frame: Frame) -> Calls:
    """The calls by which a frame that became another's, or room, is the process's memory again."""
    unpool = (frame.owner, planned(Operation.FRAME_UNPOOL, frame.f_id))
    back = (unpool,) if frame.type is FrameType.POOL else ()
    return back if frame.owner == context.mapper.pid else back + _give_back(context, frame)


def _give_back(context: Context, frame: Frame) -> Calls:
    """The calls by which the frame's owner gives it to the process, and the leave it needs."""
    pid = context.mapper.pid
    give = (frame.owner, planned(Operation.FRAME_GIVE, frame.f_id, pid))
    try:
        check_may_give(context.kernel, context.kernel.processes[frame.owner], pid)
    except Refused:
        return (pid, planned(Operation.FRAME_ALLOW, frame.owner)), give
    return (give,)


def _flags(lost: Loss, access: int) -> int:
    """The map flags (rights) that produce the lost descriptor, and that an access needs."""
    rights = user_rights(lost.leaf) | access
    write = MAP_WRITE if rights & WRITE else 0
    return MAP_READ | write | (0 if rights & EXEC else MAP_NOEXEC)


def _map_memory(context: Context, fault: MachineFault) -> Hint | None:
    """For an address with no mapping: the calls that map a free page."""
    if fault.access == EXEC:
        return Hint("nothing was ever there to execute: see where the address came from")
    stack = overflowed_stack(context, fault)
    write = MAP_WRITE if fault.access == WRITE or stack is not None else 0
    refused = refused_map(context, fault.va)

    def prepare(plan: Plan) -> None:
        if refused is not None and not refused.frame.is_viewed and not refused.va % PAGE_SIZE:
            flags = refused.flags & MAP_NOEXEC | MAP_READ | write
            plan.map_frame(refused.frame, refused.va, flags)
        else:
            plan.map_page(fault.va, MAP_READ | write | MAP_NOEXEC)

    text = "if it needs that much stack, legal after" if stack is not None else "legal after"
    return _planned(context, text, prepare, fault.va, fault.access)


def hint_lines(context: Context, hint: Hint | None) -> list[str]:
    """The lines of a hint; no lines without a hint."""
    if hint is None:
        return []
    lines = [hint.text]
    for pid, call in hint.calls:
        by = "" if pid == context.process.pid else f"process {pid}: "
        lines.append(f"  {by}{planned_text(context.kernel, context.process, call)}")
    return lines
