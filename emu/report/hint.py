"""What would have made an access legal: calls with their arguments, or why no call can."""

from __future__ import annotations

from typing import NamedTuple

from emu.decoding.calls import planned_text
from emu.machine.fault import MachineFault
from emu.report.cause import Cause, overflowed_stack
from emu.report.context import Context, View
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
from kernel_model.calls.checks import is_viewed_by
from kernel_model.calls.giving import check_may_give
from kernel_model.descriptors import EXEC, WRITE, Section, user_rights
from kernel_model.errors import Refused
from kernel_model.frame import Frame
from kernel_model.memory import PAGE_SIZE
from kernel_model.operations import Operation
from kernel_model.plan import NoPlanError, Plan, PlannedCall, planned, table_over
from kernel_model.walk import FaultStatus


class Hint(NamedTuple):
    """text: a sentence.  calls: the calls to make, in order, each with the pid of its caller."""

    text: str
    calls: tuple[tuple[int, PlannedCall], ...] = ()


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
        return _restore(context, lost, cause.frame)
    return _map_memory(context, fault)


def _calls(context: Context, *calls: PlannedCall) -> tuple[tuple[int, PlannedCall], ...]:
    """Calls of the process that maps in this vspace."""
    return tuple((context.mapper.pid, call) for call in calls)


def _allow(context: Context, view: View, fault: MachineFault) -> Hint | None:
    """For a mapped address: the call that maps it with the missing right."""
    frame = view.frame
    if frame.is_table:
        return _edit_table(context, view, fault.va)
    if frame.type is FrameType.PROC:
        return Hint("the kernel alone writes there")
    if frame.type is FrameType.IO:
        return Hint("a device's registers are never executed")
    if fault.access != EXEC:
        return Hint("legal after", _calls(context, _remap(view, frame.v_flags | MAP_WRITE)))
    text = "for GCC's nested functions link with -z execstack; else legal after"
    calls = _calls(context, _remap(view, frame.v_flags & ~MAP_NOEXEC))
    return Hint(text if view == context.stack else "legal after", calls)


def _remap(view: View, flags: int) -> PlannedCall:
    return planned(Operation.FRAME_MAP, view.frame.v_id, view.frame.f_id, view.va, flags)


def _edit_table(context: Context, table: View, va: int) -> Hint:
    """The call by which the kernel changes the entry that the program tried to write."""
    entry = (va - table.va) // 4
    unit = PAGE_SIZE if table.frame.table is TableType.L2 else 1 << 20
    place = table.frame.t_va + entry * unit
    text = f"the kernel changes tables; this entry is for {place:#010x}"
    mapped = context.view_at(place)
    if mapped is None or mapped.frame.is_table or mapped.frame.type is not FrameType.MEM:
        return Hint(
            f"{text}: {context.kernel.calls.text('{frame_map} and {frame_unmap}')} change it"
        )
    remap = _remap(mapped, mapped.frame.v_flags | MAP_WRITE)
    return Hint(f"{text}, which is writable after", _calls(context, remap))


def _restore(context: Context, lost: Loss, frame: Frame) -> Hint | None:
    """The calls that restore the mapping that was there."""
    whole = frame.pa == lost.start_pa and not frame.is_viewed and not frame.is_table
    table = table_over(context.kernel, context.process, lost.start_va)
    if not whole or table is None or isinstance(lost.leaf, Section):
        return None
    if not is_viewed_by(context.kernel, context.mapper, table):
        return None
    back: tuple[tuple[int, PlannedCall], ...] = ()
    text = "legal again after"
    if frame.owner != context.mapper.pid:
        text = f"frame {frame.f_id} is process {frame.owner}'s now; legal again after"
        back = _give_back(context, frame)
    flags = _flags(lost) | MapKind.PAGE
    remap = planned(Operation.FRAME_MAP, table.f_id, frame.f_id, lost.start_va, flags)
    return Hint(text, back + _calls(context, remap))


def _give_back(context: Context, frame: Frame) -> tuple[tuple[int, PlannedCall], ...]:
    """The calls by which the frame's owner gives it to the process, and the leave it needs."""
    pid = context.mapper.pid
    give = (frame.owner, planned(Operation.FRAME_GIVE, frame.f_id, pid))
    try:
        check_may_give(context.kernel, context.kernel.processes[frame.owner], pid)
    except Refused:
        return (pid, planned(Operation.FRAME_ALLOW, frame.owner)), give
    return (give,)


def _flags(lost: Loss) -> int:
    """The map flags (rights) that produce the lost descriptor."""
    rights = user_rights(lost.leaf)
    write = MAP_WRITE if rights & WRITE else 0
    return MAP_READ | write | (0 if rights & EXEC else MAP_NOEXEC)


def _map_memory(context: Context, fault: MachineFault) -> Hint | None:
    """For an address with no mapping: the calls that map a free page."""
    if fault.access == EXEC:
        return Hint("nothing was ever there to execute: see where the address came from")
    stack = overflowed_stack(context, fault)
    write = MAP_WRITE if fault.access == WRITE or stack is not None else 0
    plan = Plan(context.kernel, context.mapper, context.l1)
    refused = refused_map(context, fault.va)
    try:
        if refused is not None and not refused.frame.is_viewed and not refused.va % PAGE_SIZE:
            plan.map_frame(refused.frame, refused.va, refused.flags & MAP_NOEXEC | MAP_READ | write)
        else:
            plan.map_page(fault.va, MAP_READ | write | MAP_NOEXEC)
    except NoPlanError as error:
        return Hint(f"no calls found that would map it: {error}")
    text = "if it needs that much stack, legal after" if stack is not None else "legal after"
    return Hint(text, _calls(context, *plan.calls))


def hint_lines(context: Context, hint: Hint | None) -> list[str]:
    """The lines of a hint; no lines without a hint."""
    if hint is None:
        return []
    lines = [hint.text]
    for pid, call in hint.calls:
        by = "" if pid == context.process.pid else f"process {pid}: "
        lines.append(f"  {by}{planned_text(context.kernel, context.process, call)}")
    return lines
