"""What would make a refused call succeed, found from the error and the call's own arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emu.report.context import Context
from emu.report.hint import Hint
from kernel_model.abi import (
    MAP_ALL,
    MAP_KIND_MASK,
    MAP_NOEXEC,
    MAP_READ,
    MAP_WRITE,
    Error,
    MapKind,
    TableType,
)
from kernel_model.call import CallRow
from kernel_model.descriptors import L1_SIZE, SECTION_SIZE
from kernel_model.errors import Refused
from kernel_model.frame import Frame
from kernel_model.memory import PAGE_SIZE
from kernel_model.operations import Operation
from kernel_model.plan import (
    NoPlanError,
    Plan,
    PlannedCall,
    free_memory,
    planned,
    table_over,
)


class _Failed(NamedTuple):
    """A refused call: the operation, and its parameters by name, in their order."""

    context: Context
    operation: Operation
    arguments: dict[str, int]
    refusal: Refused

    def frame(self, argument: str = "f_id") -> Frame | None:
        return self.context.kernel.frames.get(self.arguments.get(argument, -1))

    def plan(self) -> Plan:
        """A new plan for the process that called."""
        return Plan(self.context.kernel, self.context.process)

    def text(self, template: str) -> str:
        """The template with its operations replaced by the convention's names."""
        return self.context.kernel.calls.text(template)

    def again(self, **changed: int) -> PlannedCall:
        """The same call with other arguments."""
        return planned(self.operation, *{**self.arguments, **changed}.values())


def remedy(
    context: Context, call: CallRow, words: tuple[int, ...], refusal: Refused
) -> Hint | None:
    """Calls that would be accepted instead, or advice; None if the call itself gives no clue."""
    find = _REMEDIES.get(refusal.error)
    if find is None:
        return None
    return find(_Failed(context, call.operation, call.parameters(words), refusal))


def _hint(failed: _Failed, text: str, *calls: PlannedCall) -> Hint:
    pid = failed.context.process.pid
    return Hint(text, tuple((pid, call) for call in calls))


def _prepared(failed: _Failed, text: str, prepare: Callable[[Plan], object]) -> Hint:
    """The calls that prepare the refused call, then that call; or why there are none."""
    plan = failed.plan()
    try:
        prepare(plan)
    except NoPlanError as error:
        return Hint(f"{text}; {error}")
    return _hint(failed, text, *plan.calls, failed.again())


def _unaligned(failed: _Failed) -> Hint | None:
    """Round the argument down; a frame's address or size cannot be rounded."""
    if failed.operation is Operation.FRAME_SPLIT:
        frame = failed.frame()
        assert frame is not None
        unit = frame.view_unit if frame.is_viewed else PAGE_SIZE
        if frame.len <= unit:
            return Hint("the frame is too small to be split")
        offset = min(failed.arguments["offset"] & -unit or unit, frame.len - unit)
        return _hint(failed, "accepted would be", failed.again(offset=offset))
    if failed.operation is Operation.FRAME_MAP:
        return _unaligned_map(failed)
    if failed.operation is Operation.FRAME_TABLE:
        return Hint("take the L1 from a larger frame, split where the address is 16 KiB aligned")
    return None


def _unaligned_map(failed: _Failed) -> Hint | None:
    frame, flags = failed.frame(), failed.arguments["flags"]
    assert frame is not None
    kind = flags & MAP_KIND_MASK
    unit = PAGE_SIZE if kind == MapKind.PAGE else SECTION_SIZE
    if kind == MapKind.SECTION and (frame.pa | frame.len) % SECTION_SIZE:
        return Hint("a section needs a frame of whole MiBs at whole MiBs; map this one as pages")
    return _hint(failed, "aligned it would be", failed.again(va=failed.arguments["va"] & -unit))


def _not_visible(failed: _Failed) -> Hint | None:
    table = failed.frame("t_id")
    if table is None:
        return None
    return _prepared(failed, "make the table visible first", lambda plan: plan.see(table))


def _not_installed(failed: _Failed) -> Hint | None:
    """Install the table so that it translates the address."""
    table = failed.frame("t_id")
    if table is None:
        return None
    va = failed.arguments["va"]
    return _prepared(failed, "install the table first", lambda plan: plan.install(table, va))


def _out_of_range(failed: _Failed) -> Hint | None:
    """Map the pages through the L2 that translates the address, or through a new one."""
    frame = failed.frame()
    if failed.operation is Operation.FRAME_SPLIT and frame is not None:
        return Hint(f"offsets are {PAGE_SIZE:#x} to {frame.len - PAGE_SIZE:#x}")
    if failed.operation is not Operation.FRAME_MAP or frame is None:
        return None
    plan = failed.plan()
    try:
        plan.map_frame(frame, failed.arguments["va"], failed.arguments["flags"])
    except NoPlanError as error:
        return Hint(f"the table does not reach there; {error}")
    return _hint(failed, "accepted would be", *plan.calls)


def _bad_flags(failed: _Failed) -> Hint | None:
    flags = failed.arguments["flags"]
    if flags & MAP_KIND_MASK == MapKind.TABLE_L2:
        right = int(MapKind.TABLE_L2)
    else:
        right = flags & MAP_ALL | MAP_READ
    return _hint(failed, "accepted would be", failed.again(flags=right))


def _bad_kind(failed: _Failed) -> Hint | None:
    if failed.operation is not Operation.FRAME_MAP:
        return None
    if failed.arguments["flags"] & MAP_KIND_MASK != MapKind.TABLE_L1:
        return None
    text = "an L1 becomes current by {vspace_swap}(pid, f_id), it is not mapped"
    return Hint(failed.text(text))


def _writable_table(failed: _Failed) -> Hint | None:
    flags = failed.arguments["flags"] & ~MAP_WRITE | MAP_NOEXEC
    return _hint(failed, "accepted would be", failed.again(flags=flags))


def _not_viewed(failed: _Failed) -> Hint | None:
    """View the frame read-only before it becomes a table."""
    frame = failed.frame()
    if frame is None:
        return None
    return _prepared(failed, "view the frame read-only first", lambda plan: plan.see(frame))


def _in_use(failed: _Failed) -> Hint | None:
    """Unmap the frame that has the entry first."""
    view = failed.context.view_at(failed.arguments["va"])
    if view is None:
        return None
    unmap = planned(Operation.FRAME_UNMAP, view.frame.f_id, view.frame.view_kind)
    return _hint(failed, f"frame {view.frame.f_id} is there; free it first", unmap, failed.again())


def _mapped(failed: _Failed) -> Hint | None:
    frame = failed.frame()
    if frame is None:
        return None
    unmap = planned(Operation.FRAME_UNMAP, frame.f_id, frame.view_kind)
    return _hint(failed, "unmap it first", unmap, failed.again())


def _installed(failed: _Failed) -> Hint | None:
    frame = failed.frame()
    if frame is None:
        return None
    removal = planned(Operation.FRAME_UNMAP, frame.f_id, MapKind.TABLE_L2)
    return _hint(failed, "remove it from there first", removal, failed.again())


def _not_mapped(failed: _Failed) -> Hint | None:
    frame = failed.frame()
    if frame is None:
        return None
    if frame.is_viewed:
        return _hint(failed, "it is mapped so", failed.again(kind=frame.view_kind))
    if frame.is_installed:
        return _hint(failed, "it is installed as a table", failed.again(kind=MapKind.TABLE_L2))
    return Hint("it is mapped nowhere")


def _not_table(failed: _Failed) -> Hint | None:
    """Use, or make, a table of the level that the kind needs."""
    if failed.operation is not Operation.FRAME_MAP:
        return None
    kind = failed.arguments["flags"] & MAP_KIND_MASK
    table = failed.frame("t_id")
    if kind == MapKind.PAGE and table is not None and table.table is TableType.L1:
        l2 = table_over(failed.context.kernel, failed.context.process, failed.arguments["va"])
        if l2 is not None:
            return _hint(failed, "the L2 there is", failed.again(t_id=l2.f_id))
        return Hint(
            failed.text(
                "make an L2 there first: {frame_table}, then {frame_map} with F_MAP_TABLE_L2"
            )
        )
    if kind != MapKind.PAGE and table is not None and table.table is TableType.L2:
        l1 = failed.context.process.l1
        return _hint(failed, "the L1 is", failed.again(t_id=l1))
    return None


def _pool_full(failed: _Failed) -> Hint | None:
    free = free_memory(failed.context.kernel, failed.context.process)
    if not free:
        text = "free memory for kernel objects first: unmap a frame and give it to {frame_pool}"
        return Hint(failed.text(text))
    smallest = min(free, key=lambda frame: (frame.len, frame.f_id))
    return _hint(
        failed, "make room first", planned(Operation.FRAME_POOL, smallest.f_id), failed.again()
    )


def _bad_size(failed: _Failed) -> Hint | None:
    wanted = L1_SIZE if failed.operation is Operation.FRAME_TABLE else 2 * PAGE_SIZE
    frame = failed.frame()
    if frame is None or frame.len <= wanted:
        return Hint(f"take a frame of {wanted:#x} bytes")
    split = planned(Operation.FRAME_SPLIT, frame.f_id, wanted)
    return _hint(failed, "cut it first", split, failed.again())


def _not_allowed(failed: _Failed) -> Hint | None:
    allow = planned(Operation.FRAME_ALLOW, failed.context.process.pid)
    return Hint("the receiver can allow it", ((failed.arguments["pid"], allow),))


_REMEDIES: dict[Error, Callable[[_Failed], Hint | None]] = {
    Error.UNALIGNED: _unaligned,
    Error.TABLE_NOT_VISIBLE: _not_visible,
    Error.TABLE_NOT_HUNG: _not_installed,
    Error.OUT_OF_RANGE: _out_of_range,
    Error.BAD_FLAGS: _bad_flags,
    Error.BAD_KIND: _bad_kind,
    Error.TABLE_WRITABLE: _writable_table,
    Error.NOT_VIEWED_READ_ONLY: _not_viewed,
    Error.ENTRY_IN_USE: _in_use,
    Error.MAPPED: _mapped,
    Error.TABLE_HUNG: _installed,
    Error.NOT_MAPPED: _not_mapped,
    Error.NOT_TABLE: _not_table,
    Error.POOL_FULL: _pool_full,
    Error.BAD_SIZE: _bad_size,
    Error.NOT_ALLOWED: _not_allowed,
}
