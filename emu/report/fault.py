"""The report of a fault: three lines that name the mistake, then the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.arm.addressing import base_register
from emu.arm.branches import register_of
from emu.cpu.registers import CORE
from emu.machine.fault import ACCESS, MachineFault
from emu.report.cause import Cause, cause_of, describe
from emu.report.code import Listing
from emu.report.context import Context, View
from emu.report.heap import heap_text
from emu.report.hint import hint_for, hint_lines
from emu.report.history import frame_history
from emu.report.instruction import cause_of_instruction
from emu.report.layout import register_lines, section
from emu.report.stack import Function, level_lines, levels_of
from kernel_model.descriptors import rights_text
from kernel_model.process import Process
from kernel_model.walk import Walk, walk

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.history import History
    from kernel_model.kernel import Kernel


def fault_text(kernel: Kernel, history: History, debug: DebugFiles, fault: MachineFault) -> str:
    """The whole report.  The process has not been ended yet."""
    context = Context(kernel, history, debug, kernel.processes[fault.pid], fault.registers)
    levels, end_of_levels = levels_of(context, fault.registers)
    calls = [call for level in levels[:2] for call in level]
    known = next((call for call in calls if call.is_named), None)
    listing = None if known is None else Listing(context, known.at, known.thumb)
    cause = cause_of_fault(context, fault)
    lines = _head(fault, cause, calls, known, listing)
    lines += section("registers", register_lines(fault.registers))
    if listing is not None:
        lines += section("code", listing.lines())
    lines += section("backtrace", level_lines(levels, end_of_levels))
    if fault.walk is not None:
        lines += _memory_lines(context, fault, fault.walk, cause)
    heap = heap_text(context)
    return "\n".join(lines + section("heap", [heap] if heap is not None else []))


def access_text(
    kernel: Kernel, history: History, debug: DebugFiles, process: Process,
    registers: tuple[int, ...], va: int, access: int,
) -> str:  # fmt: skip
    """What would happen if a process made an access.

    registers: r0-r12, sp, lr, pc, cpsr.  access: READ, WRITE or EXEC.
    """
    context = Context(kernel, history, debug, process, registers)
    found = walk(kernel.memory, kernel.l1_pa(process), va)
    status, frame = found.refusal(access), kernel.frame_at(found.pa)
    what = f"{ACCESS[access]} of {va:#010x} by process {process.pid}"
    if status is None:
        where = f"pa {found.pa:#010x}" + (f", {describe(context, frame)}" if frame else "")
        return "\n".join([f"{what} succeeds: {where}", *_walk_lines(found)])
    fault = MachineFault(
        process.pid, status.text, registers[15], registers, va, access, found, status
    )
    cause = cause_of_fault(context, fault)
    lines = [f"{what} would fault: {cause.name}", f"  because {cause.why} ({status.text})"]
    return "\n".join([*lines, *_memory_lines(context, fault, found, cause)])


def cause_of_fault(context: Context, fault: MachineFault) -> Cause:
    """Why the processor refused the access or the instruction."""
    if fault.walk is not None:
        return cause_of(context, fault)
    if fault.status is not None:
        return Cause("nothing at the physical address", "it is not known which address it was")
    return cause_of_instruction(context, fault)


def _head(
    fault: MachineFault,
    cause: Cause,
    calls: list[Function],
    known: Function | None,
    listing: Listing | None,
) -> list[str]:
    """The three lines that name the mistake.  known: the first of the calls that has a name."""
    what = "" if fault.walk is None else f": {fault.where}"
    status = "" if fault.status is None else f" ({fault.status.text})"
    where = f"pc {fault.pc:#010x}, where no code is known"
    if known is not None:
        where = f"{'in' if known is calls[0] else 'called from'} {known}"
    if listing is not None and listing.marked is not None:
        where += f", {listing.marked.va:#010x}: {listing.marked.text}{_source(fault, listing)}"
    return [
        f"emu: process {fault.pid} faulted: {cause.name}{what}",
        f"  {where}",
        f"  because {cause.why}{status}",
    ]


def _source(fault: MachineFault, listing: Listing) -> str:
    """The register that the address came from, and its value."""
    assert listing.marked is not None
    register = (base_register if listing.marked.va == fault.pc else register_of)(listing.marked)
    if register is None or fault.walk is None:
        return ""
    return f" with {CORE[register]} = {fault.registers[register]:#x}"


def _memory_lines(context: Context, fault: MachineFault, walked: Walk, cause: Cause) -> list[str]:
    """For a memory fault: the walk, what is near, the frame's history, and a hint."""
    lines = _walk_lines(walked)
    lines += section("near", _near_lines(context, fault.va))
    if cause.frame is not None:
        history = frame_history(context, cause.frame)
        lines += section(f"history of frame {cause.frame.f_id}", history)
    return lines + section("hint", hint_lines(context, hint_for(context, fault, cause)))


def _walk_lines(walked: Walk) -> list[str]:
    steps = [f"{'-> ' if n else ''}{step}" for n, step in enumerate(walked.steps)]
    return section("walk", steps)


def _near_lines(context: Context, va: int) -> list[str]:
    """The view at the address, or the next ones below and above it."""
    view = context.view_at(va)
    if view is not None:
        return [_view_text(context, view, f"{_bytes(va - view.va)} in")]
    below, above = context.view_below(va), context.view_above(va)
    lines = []
    if below is not None:
        lines.append(_view_text(context, below, f"ends {_bytes(va - below.end)} below"))
    if above is not None:
        lines.append(_view_text(context, above, f"begins {_bytes(above.va - va)} above"))
    return lines


def _bytes(count: int) -> str:
    return f"{count:#x} bytes" if count else "right"


def _view_text(context: Context, view: View, where: str) -> str:
    rights = rights_text(view.frame.view_rights)
    what = describe(context, view.frame)
    return f"{view.va:#010x}..{view.end - 1:#010x}  {rights}  {what}: {where}"
