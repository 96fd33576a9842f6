"""Why a memory access failed: the name of the mistake, and the fact that explains it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emu.arm.registers import LR, SP
from emu.decoding.calls import entry_text
from emu.decoding.roles import role_of
from emu.machine.fault import MachineFault
from emu.report.context import Context, View
from emu.report.history import loss, refused_map
from emu.report.misaligned import why_misaligned
from emu.report.swap import last_swap
from kernel_model.abi import KERNEL_VA, FrameType, TableType
from kernel_model.descriptors import EXEC, SECTION_SIZE, Invalid
from kernel_model.frame import Frame
from kernel_model.memory import PAGE_SIZE
from kernel_model.operations import Operation
from kernel_model.walk import FaultStatus


class Cause(NamedTuple):
    """name: of the mistake.  why: the fact that explains it.  frame: the one concerned, if any."""

    name: str
    why: str
    frame: Frame | None = None


def cause_of(context: Context, fault: MachineFault) -> Cause:
    """Why this memory access failed: the first explanation that fits."""
    for explain in _EXPLANATIONS:
        cause = explain(context, fault)
        if cause is not None:
            return cause
    return Cause("nothing mapped there", "nothing has been mapped at this address")


def describe(context: Context, frame: Frame) -> str:
    """A frame by its id and its role for the process."""
    return f"frame {frame.f_id}, {_role(context, frame)}"


def _role(context: Context, frame: Frame) -> str:
    if frame.table is TableType.L2 and frame.is_installed:
        return f"the L2 table for {frame.t_va:#010x} on"
    view = next((view for view in context.views if view.frame is frame), None)
    is_stack = view is not None and view == context.stack
    role = role_of(context.kernel, frame, view is not None, is_stack)
    return f"the {role}" if frame.type is FrameType.PROC else _WITH_ARTICLES.get(role, role)


_WITH_ARTICLES = {
    "L1 table": "an L1 table",
    "L2 table": "an L2 table",
    "device": "a device",
    "stack": "the stack",
}


def overflowed_stack(context: Context, fault: MachineFault) -> View | None:
    """The stack that this access overflowed, or None.

    Either SP is below the stack and the access is not below SP; or SP is in the stack's lowest
    page, or below, and the access is at most a page below SP.  Where SP left the stack by a stack
    frame that is known, other mappings may lie between the two.
    """
    stack = context.stack
    if stack is None or fault.access == EXEC or fault.va >= stack.va:
        return None
    if context.overstep is None and context.view_above(fault.va) != stack:
        return None
    sp = fault.registers[SP]
    begun = sp < stack.va and sp <= fault.va
    about_to = sp <= stack.va + PAGE_SIZE and fault.va >= sp - PAGE_SIZE
    return stack if begun or about_to else None


def _misaligned(context: Context, fault: MachineFault) -> Cause | None:
    if fault.status is not FaultStatus.ALIGNMENT:
        return None
    return Cause(*why_misaligned(context, fault))


def _nothing_behind(_context: Context, fault: MachineFault) -> Cause | None:
    if fault.status is not FaultStatus.EXTERNAL_ABORT:
        return None
    return Cause("nothing at the physical address", "the address is mapped to where nothing is")


def _null(_context: Context, fault: MachineFault) -> Cause | None:
    if fault.va >= PAGE_SIZE:
        return None
    name = "null function pointer" if fault.access == EXEC else "null pointer"
    return Cause(name, "page 0 is never mapped")


def _kernel(_context: Context, fault: MachineFault) -> Cause | None:
    if fault.va < KERNEL_VA:
        return None
    return Cause("access to the kernel's part", f"from {KERNEL_VA:#010x} on all is the kernel's")


def _forbidden(context: Context, fault: MachineFault) -> Cause | None:
    """The address is mapped without the right that the access needs."""
    view = context.view_at(fault.va)
    if view is None:
        return None
    frame = view.frame
    what = f"{describe(context, frame)}, is mapped there"
    if fault.access == EXEC:
        return Cause("jump to data", f"{what} NOEXEC", frame)
    if frame.is_table:
        return Cause(
            "write to a page table", f"{what} read-only: tables are the kernel's to change", frame
        )
    if frame.type is FrameType.PROC:
        return Cause("write to process information", f"{what} read-only, for ever", frame)
    name = "write to code" if frame.view_rights & EXEC else "write to read-only data"
    return Cause(name, f"{what} read-only", frame)


def _stack_overflow(context: Context, fault: MachineFault) -> Cause | None:
    stack = overflowed_stack(context, fault)
    if stack is None:
        return None
    below = stack.va - fault.va
    is_guard = below <= PAGE_SIZE and context.view_at(fault.va) is None
    place = "in the unmapped guard page" if is_guard else f"{below:#x} bytes"
    return Cause(
        "stack overflow",
        f"that is {place} below the stack, frame {stack.frame.f_id} at "
        f"{stack.va:#010x}..{stack.end - 1:#010x}{_overstepped(context, fault)}",
        stack.frame,
    )


def _overstepped(context: Context, fault: MachineFault) -> str:
    """The function whose stack frame reached over the guard page, if one did."""
    over = context.overstep
    if over is None or over.stack.va - fault.registers[SP] <= PAGE_SIZE:
        return ""
    file, at = over.step.file, over.step.frame.at
    symbol = None if file is None else file.symbol_at(at)
    name = f"{at:#010x}" if symbol is None else symbol.name
    return f": the stack frame of {name} takes {over.size:#x} bytes"


def _ran_off(context: Context, fault: MachineFault) -> Cause | None:
    """The program ran past the end of its code, or returned from its first function."""
    if fault.access != EXEC or fault.va != fault.pc:
        return None
    if not fault.va and not fault.registers[LR]:
        return Cause(
            "return from the program's first function",
            "it had no caller: lr was 0 when it began, and a program ends by the call "
            + context.kernel.calls.name_of(Operation.EXIT),
        )
    before = context.view_below(fault.va)
    if before is None or before.end != fault.va or not before.frame.view_rights & EXEC:
        return None
    end = context.kernel.calls.name_of(Operation.EXIT)
    why = f"the code ends there, at the end of frame {before.frame.f_id}; a program ends by {end}"
    return Cause("ran off the end of the code", why, before.frame)


def _swapped(context: Context, fault: MachineFault) -> Cause | None:
    """The process's vspace was swapped, and the new one maps nothing there."""
    swap = last_swap(context.history, context.process)
    if swap is None or fault.walk is None or fault.walk.fault is None:
        return None
    who = entry_text(context.kernel, context.process, swap)
    return Cause(
        "use after vspace swap",
        f"it runs on frame {context.process.l1} since {who}, and nothing is mapped there",
    )


def _lost(context: Context, fault: MachineFault) -> Cause | None:
    """The mapping that was there is gone."""
    assert fault.walk is not None
    lost = loss(context, fault.walk)
    if lost is None:
        return None
    frame = context.kernel.frame_at(lost.pa)
    name = _LOSSES.get(lost.entry.call.operation, "use after unmap")
    what = "memory" if frame is None else f"frame {frame.f_id}"
    why = f"{what} was there until {entry_text(context.kernel, context.process, lost.entry)}"
    return Cause(name, why, frame)


_LOSSES = {
    Operation.FRAME_GIVE: "use after give",
    Operation.VSPACE_SWAP: "use after give",
    Operation.PROC_NEW: "use after give",
    Operation.FRAME_MAP: "use after the mapping moved",
}


def _missing_table(context: Context, fault: MachineFault) -> Cause | None:
    """No L2 is installed for the address."""
    assert fault.walk is not None
    if len(fault.walk.steps) != 1 or not isinstance(fault.walk.steps[0].entry, Invalid):
        return None
    start = fault.va & -SECTION_SIZE
    why = f"nothing is installed in the L1 for {start:#010x}..{start + SECTION_SIZE - 1:#010x}"
    return Cause("missing L2 table", f"{why}{_refused(context, fault.va)}")


def _refused(context: Context, va: int) -> str:
    refused = refused_map(context, va)
    if refused is None:
        return ""
    number, _, call, _ = refused.entry
    return f"; call {number}, a {call.name}, was refused: E_{refused.error.name}"


def _unmapped(context: Context, fault: MachineFault) -> Cause | None:
    name = "jump to nowhere" if fault.access == EXEC else "nothing mapped there"
    why = f"nothing has been mapped at this address{_refused(context, fault.va)}"
    return Cause(name, why)


_EXPLANATIONS: tuple[Callable[[Context, MachineFault], Cause | None], ...] = (
    _misaligned, _nothing_behind, _ran_off, _null, _kernel, _stack_overflow, _forbidden, _lost,
    _swapped, _missing_table, _unmapped,
)  # fmt: skip
