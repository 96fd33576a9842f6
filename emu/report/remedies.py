"""What would make a refused call succeed, by its error: calls to make, or a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emu.arm.registers import PC, SP
from emu.report.context import Context, View
from emu.report.hint import Hint
from kernel_model.abi import (
    MAP_ALL,
    MAP_KIND_MASK,
    MAP_NOEXEC,
    MAP_READ,
    MAP_WRITE,
    NO_ID,
    POOL_OBJECT_SIZE,
    Error,
    FrameType,
    MapKind,
    TableType,
)
from kernel_model.calls.giving import check_may_give
from kernel_model.descriptors import L1_SIZE, SECTION_SIZE
from kernel_model.errors import Refused
from kernel_model.frame import Frame
from kernel_model.memory import PAGE_SIZE
from kernel_model.operations import Operation
from kernel_model.plan import NoPlanError, Plan, PlannedCall, free_memory, planned


class Failed(NamedTuple):
    """A refused call: the operation, and its parameters by name, in their order."""

    context: Context
    operation: Operation
    arguments: dict[str, int]
    refusal: Refused

    def frame(self, argument: str = "f_id") -> Frame:
        """The caller's frame that an argument names, as the kernel found it."""
        return self.context.kernel.frames[self.arguments[argument]]

    def plan(self) -> Plan:
        """A new plan for the process that called."""
        return Plan(self.context.kernel, self.context.process)

    def text(self, template: str) -> str:
        """The template with its operations replaced by the convention's names."""
        return self.context.kernel.calls.text(template)

    def again(self, **changed: int) -> PlannedCall:
        """The same call with other arguments."""
        return planned(self.operation, *{**self.arguments, **changed}.values())

    def hint(self, text: str, *calls: PlannedCall) -> Hint:
        """Calls of the process that called."""
        pid = self.context.process.pid
        return Hint(text, tuple((pid, call) for call in calls))

    def prepared(self, text: str, prepare: Callable[[Plan], object], **changed: int) -> Hint:
        """The calls that prepare the refused call, then that call; or why there are none."""
        plan = self.plan()
        try:
            prepare(plan)
        except NoPlanError as error:
            return Hint(f"{text}; {error}")
        return self.hint(text, *plan.calls, self.again(**changed))

    def in_use(self, frame: Frame) -> str | None:
        """What the caller cannot go on without, if it is in this frame or under this table."""
        registers = self.context.registers
        if registers is None:
            return None
        for name, va in (("code", registers[PC]), ("stack", registers[SP] - 4)):
            view = self.context.view_at(va)
            if view is not None and frame in _above(self.context, view):
                return name
        return None


def _above(context: Context, view: View) -> tuple[Frame, Frame]:
    """A viewed frame, and the table that holds its view."""
    return view.frame, context.kernel.frames[view.frame.v_id]


# -- where to cut, and where to map ------------------------------------------------------


def _unaligned(failed: Failed) -> Hint | None:
    """Round the argument down; a frame's address or size cannot be rounded."""
    if failed.operation is Operation.FRAME_SPLIT:
        return _cut_inside(failed)
    if failed.operation is Operation.FRAME_MAP:
        return _unaligned_map(failed)
    if failed.operation is Operation.FRAME_TABLE:
        return Hint("take the L1 from a larger frame, split where the address is 16 KiB aligned")
    return None


def _cut_inside(failed: Failed) -> Hint:
    """The nearest place at which the frame can be cut."""
    frame = failed.frame()
    unit = frame.view_unit if frame.is_viewed else PAGE_SIZE
    if frame.len <= unit:
        return Hint("the frame is too small to be split")
    offset = min(failed.arguments["offset"] & -unit or unit, frame.len - unit)
    return failed.hint("accepted would be", failed.again(offset=offset))


def _unaligned_map(failed: Failed) -> Hint:
    frame, kind = failed.frame(), failed.arguments["flags"] & MAP_KIND_MASK
    unit = PAGE_SIZE if kind == MapKind.PAGE else SECTION_SIZE
    if kind == MapKind.SECTION and (frame.pa | frame.len) % SECTION_SIZE:
        return Hint("a section needs a frame of whole MiBs at whole MiBs; map this one as pages")
    va = failed.arguments["va"] & -unit
    if not va and kind != MapKind.TABLE_L2:
        va = unit  # page 0 is never mapped
    return failed.hint("aligned it would be", failed.again(va=va))


def _out_of_range(failed: Failed) -> Hint | None:
    """Map the pages through the L2 that translates the address, or through a new one."""
    if failed.operation is Operation.FRAME_SPLIT:
        return _cut_inside(failed)
    if failed.operation is not Operation.FRAME_MAP:
        return None
    return _map_through_l2(failed, "the table does not reach there", "accepted would be")


def _map_through_l2(failed: Failed, why: str, text: str) -> Hint:
    """The calls that map the frame as pages where the refused call would have."""
    plan = failed.plan()
    try:
        plan.map_frame(failed.frame(), failed.arguments["va"], failed.arguments["flags"])
    except NoPlanError as error:
        return Hint(f"{why}; {error}")
    return failed.hint(text, *plan.calls)


# -- flags and kinds -----------------------------------------------------------------------


def _bad_flags(failed: Failed) -> Hint | None:
    """Rights that go together, and that this frame may have."""
    flags = failed.arguments["flags"]
    if flags & MAP_KIND_MASK == MapKind.TABLE_L2:
        right = int(MapKind.TABLE_L2)
    else:
        right = flags & MAP_ALL | MAP_READ
        frame = failed.context.kernel.frames.get(failed.arguments["f_id"])
        if frame is not None and (frame.is_table or frame.type is FrameType.PROC):
            right &= ~MAP_WRITE
    return failed.hint("accepted would be", failed.again(flags=right))


def _bad_kind(failed: Failed) -> Hint | None:
    if failed.operation is not Operation.FRAME_MAP:
        return None
    text = "an L1 becomes current by {vspace_swap}(pid, f_id), it is not mapped"
    return Hint(failed.text(text))


def _writable_table(failed: Failed) -> Hint | None:
    flags = failed.arguments["flags"] & ~MAP_WRITE | MAP_NOEXEC
    return failed.hint("accepted would be", failed.again(flags=flags))


def _not_mapped(failed: Failed) -> Hint | None:
    """Unmap it by the kind that it is mapped as."""
    frame = failed.frame()
    if frame.is_viewed:
        return failed.hint("it is mapped so", failed.again(kind=frame.view_kind))
    if frame.is_installed:
        return failed.hint("it is installed as a table", failed.again(kind=MapKind.TABLE_L2))
    return Hint("it is mapped nowhere")


# -- tables --------------------------------------------------------------------------------


def _not_visible(failed: Failed) -> Hint | None:
    table = failed.frame("t_id")
    return failed.prepared("make the table visible first", lambda plan: plan.show(table))


def _not_installed(failed: Failed) -> Hint | None:
    """Install the table so that it translates the address."""
    table, va = failed.frame("t_id"), failed.arguments["va"]
    return failed.prepared("install the table first", lambda plan: plan.install(table, va))


def _not_viewed(failed: Failed) -> Hint | None:
    """View the frame read-only before it becomes a table."""
    frame = failed.frame()
    return failed.prepared("view the frame read-only first", lambda plan: plan.see(frame))


def _not_table(failed: Failed) -> Hint | None:
    """Use, or make, a table of the level that the kind needs."""
    if failed.operation is not Operation.FRAME_MAP:
        return None
    kind, frame = failed.arguments["flags"] & MAP_KIND_MASK, failed.frame()
    if kind == MapKind.PAGE:
        return _map_through_l2(failed, "pages go into an L2", "pages go into an L2")
    if failed.frame("t_id").table is TableType.L1:
        if frame.is_table or frame.type is not FrameType.MEM:
            return Hint(f"frame {frame.f_id} is no L2 and cannot become one: take memory")
        return failed.prepared(
            "make it a table first, which clears it", lambda plan: plan.make_table(frame)
        )
    l1 = failed.context.kernel.frames[failed.context.process.l1]
    return failed.prepared("the L1 is", lambda plan: plan.show(l1), t_id=l1.f_id)


# -- what is in the way ----------------------------------------------------------------------


def _entry_in_use(failed: Failed) -> Hint | None:
    """Free the entries first, or map elsewhere if what is there is needed."""
    there = _in_the_way(failed)
    names = " and ".join(f"frame {frame.f_id}" for frame in there)
    text = f"{names} {'is' if len(there) == 1 else 'are'} there"
    if not any(frame.is_table or failed.in_use(frame) for frame in there):
        removals = [planned(Operation.FRAME_UNMAP, frame.f_id, frame.view_kind) for frame in there]
        return failed.hint(f"{text}; unmap first", *removals, failed.again())
    if failed.arguments["flags"] & MAP_KIND_MASK != MapKind.PAGE:
        return Hint(f"{text}, and in use: choose another address")
    plan = failed.plan()
    try:
        plan.map_anywhere(failed.frame(), failed.arguments["flags"])
    except NoPlanError as error:
        return Hint(f"{text}, and in use; {error}")
    return failed.hint(f"{text}, and in use; accepted would be", *plan.calls)


def _in_the_way(failed: Failed) -> list[Frame]:
    """The frames that have entries of the table where the call would have put its own."""
    kernel, frame, table = failed.context.kernel, failed.frame(), failed.frame("t_id")
    kind = MapKind(failed.arguments["flags"] & MAP_KIND_MASK)
    length = len(frame.span) if kind is MapKind.TABLE_L2 else frame.view_len
    first = failed.arguments["va"]
    wanted = range(first, first + length)
    here = [(kernel.frames[f_id], kernel.view_va(kernel.frames[f_id])) for f_id in table.views]
    spans = [(one, range(va, va + one.view_len)) for one, va in here]
    spans += [(kernel.frames[f_id], kernel.frames[f_id].span) for f_id in table.installed]
    moved = None if kind is MapKind.TABLE_L2 else frame
    return [
        one for one, span in spans
        if one is not moved and span.start < wanted.stop and wanted.start < span.stop
    ]  # fmt: skip


def _mapped(failed: Failed) -> Hint | None:
    frame = failed.frame()
    return _freed(failed, frame, "is in it: take another frame", "unmap it first", frame.view_kind)


def _installed(failed: Failed) -> Hint | None:
    told, advice = "is mapped in it: take another table", "remove it from there first"
    return _freed(failed, failed.frame(), told, advice, MapKind.TABLE_L2)


def _freed(failed: Failed, frame: Frame, told: str, advice: str, kind: MapKind) -> Hint | None:
    """Unmap a frame so, unless the process needs what would go with it."""
    used = failed.in_use(frame)
    if used is not None:
        return Hint(f"the process's {used} {told}")
    return failed.hint(advice, planned(Operation.FRAME_UNMAP, frame.f_id, kind), failed.again())


# -- sizes and room --------------------------------------------------------------------------


def _pool_full(failed: Failed) -> Hint | None:
    """Make room of free memory that the call does not name, or get some from the parent."""
    kernel, process = failed.context.kernel, failed.context.process
    if failed.operation is Operation.FRAME_UNPOOL:
        return Hint("it takes room that is in use; room is free again when frames are merged")
    lacking = failed.arguments.get("count", 1) - process.free_room
    named = failed.arguments.get("f_id")
    free = [
        frame for frame in free_memory(kernel, process)
        if frame.f_id != named and frame.len // POOL_OBJECT_SIZE >= lacking
    ]  # fmt: skip
    if free:
        smallest = min(free, key=lambda frame: (frame.len, frame.f_id))
        pool = planned(Operation.FRAME_POOL, smallest.f_id)
        return failed.hint("make room first", pool, failed.again())
    parent = kernel.processes.get(process.parent)
    if parent is not None and parent.free_room >= lacking:
        gift = (parent.pid, planned(Operation.POOL_GIVE, process.pid, lacking))
        return Hint("its parent has room to give", (gift, (process.pid, failed.again())))
    text = "free memory for kernel objects first: unmap another frame and give it to {frame_pool}"
    return Hint(failed.text(text))


def _bad_size(failed: Failed) -> Hint | None:
    """Cut the frame so that one part has the right size and address."""
    frame = failed.frame()
    if failed.operation is not Operation.FRAME_TABLE:
        return Hint(f"take a frame of at least {2 * PAGE_SIZE:#x} bytes")
    start = -frame.pa % L1_SIZE
    if frame.view_kind is not MapKind.PAGE or frame.len < start + L1_SIZE:
        return Hint(f"take a frame with {L1_SIZE:#x} bytes at a multiple of {L1_SIZE:#x} in it")
    cuts, f_id = [], frame.f_id
    if start:
        cuts.append(planned(Operation.FRAME_SPLIT, f_id, start))
        f_id = failed.context.kernel.next_f_id
    if frame.len > start + L1_SIZE:
        cuts.append(planned(Operation.FRAME_SPLIT, f_id, L1_SIZE))
    return failed.hint("cut it first", *cuts, failed.again(f_id=f_id))


# -- other processes -------------------------------------------------------------------------


def _no_frame(failed: Failed) -> Hint | None:
    """The frame's owner can make the call, on a vspace that it has lent, or give the frame."""
    kernel, f_id = failed.context.kernel, failed.refusal.values["f_id"]
    assert isinstance(f_id, int)
    if f_id < 0:
        return Hint(f"{f_id} is what a call returned that failed: see there")
    frame = kernel.frames.get(f_id)
    if frame is None:
        return None
    owner = frame.owner
    if owner == failed.context.mapper.pid:
        text = f"process {owner} has lent this vspace and owns it"
        return Hint(text, ((owner, failed.again()),))
    give = failed.text("{frame_give}")
    try:
        check_may_give(kernel, kernel.processes[owner], failed.context.process.pid)
    except Refused:
        give += failed.text(f" after {{frame_allow}}({owner})")
    return Hint(f"frame {f_id} is process {owner}'s, which can give it by {give}")


def _not_allowed(failed: Failed) -> Hint | None:
    """A receiver or handler can allow it; a process's vspace and end are its parent's alone."""
    caller, pid = failed.context.process.pid, failed.arguments["pid"]
    if failed.operation in _BY_LEAVE:
        allow = planned(Operation.FRAME_ALLOW, caller)
        return Hint(f"process {pid} can allow it", ((pid, allow), (caller, failed.again())))
    parent = failed.context.kernel.processes[pid].parent
    if parent == NO_ID:
        return Hint(f"process {pid} has no parent: no other process has power over it")
    if failed.operation is Operation.PROC_END:
        return Hint(f"its parent, process {parent}, can", ((parent, failed.again()),))
    return Hint(f"its parent, process {parent}, sets its vspace, to an L1 of its own")


_BY_LEAVE = (Operation.FRAME_GIVE, Operation.POOL_GIVE, Operation.FAULT_HANDLER)
"""What a process may do to another that has named it by ``frame_allow``."""


REMEDIES: dict[Error, Callable[[Failed], Hint | None]] = {
    Error.UNALIGNED: _unaligned,
    Error.TABLE_NOT_VISIBLE: _not_visible,
    Error.TABLE_NOT_HUNG: _not_installed,
    Error.OUT_OF_RANGE: _out_of_range,
    Error.BAD_FLAGS: _bad_flags,
    Error.BAD_KIND: _bad_kind,
    Error.TABLE_WRITABLE: _writable_table,
    Error.NOT_VIEWED_READ_ONLY: _not_viewed,
    Error.ENTRY_IN_USE: _entry_in_use,
    Error.MAPPED: _mapped,
    Error.TABLE_HUNG: _installed,
    Error.NOT_MAPPED: _not_mapped,
    Error.NOT_TABLE: _not_table,
    Error.POOL_FULL: _pool_full,
    Error.BAD_SIZE: _bad_size,
    Error.NOT_ALLOWED: _not_allowed,
    Error.NO_FRAME: _no_frame,
}
"""What is advised for each error: the first idea, which ``remedy`` tries before it is told."""
