"""What happened to a frame or at an address, from the machine's history."""

from __future__ import annotations

from typing import Final, NamedTuple

from emu.decoding.calls import call_text
from emu.machine.history import History, KernelEntry, Written
from emu.report.context import Context
from kernel_model.abi import Error
from kernel_model.descriptors import (
    COARSE_SIZE,
    Coarse,
    Invalid,
    Leaf,
    decode_l1,
    decode_l2,
)
from kernel_model.events import Event, FrameMoved, FrameSplit, ProcessEnded, VspaceChanged
from kernel_model.frame import Frame
from kernel_model.operations import Operation
from kernel_model.process import Exited
from kernel_model.walk import Walk

SHOWN = 8
"""How many calls of a frame's history a report shows at most: the last ones."""


class Loss(NamedTuple):
    """A mapping that the kernel entry ``entry`` removed.

    It mapped addresses from ``start_va`` on to ``start_pa`` on, with the rights of ``leaf``; ``pa``
    is where the byte in question was.
    """

    entry: KernelEntry
    start_va: int
    start_pa: int
    pa: int
    leaf: Leaf


def loss(context: Context, walk: Walk) -> Loss | None:
    """The loss of the mapping whose absence ended this walk, if the history has it."""
    if not walk.steps or not isinstance(walk.steps[-1].entry, Invalid):
        return None
    step = walk.steps[-1]
    for written in reversed(context.history.written):
        there = written.pa <= step.pa < written.pa + 4 * written.entries
        if written.level == step.level and there and not written.new:
            return _loss(context, walk.va, written, (step.pa - written.pa) // 4)
    return None


def _loss(context: Context, va: int, written: Written, index: int) -> Loss | None:
    """The loss of ``va``'s entry, the ``index``-th of those that were written."""
    entry = decode_l1(written.old) if written.level == 1 else decode_l2(written.old)
    if isinstance(entry, Coarse):
        page = context.memory.read_word(entry.table + index * COARSE_SIZE + (va >> 12 & 0xFF) * 4)
        entry, index = decode_l2(page), 0
    if isinstance(entry, Invalid | Coarse):
        return None
    start = (va & -entry.size) - index * entry.size
    return Loss(written.entry, start, entry.base, entry.base + va - start, entry)


class RefusedMap(NamedTuple):
    """A refused call to map ``frame`` at ``va``."""

    entry: KernelEntry
    error: Error
    frame: Frame
    va: int
    flags: int


def refused_map(context: Context, va: int) -> RefusedMap | None:
    """The last refused call to map something at addresses that include ``va``.

    It was made by the process, or by the one that maps in its vspace.
    """
    pids = context.process.pid, context.mapper.pid
    for entry, error, _ in reversed(context.history.refusals):
        if entry.pid in pids and entry.call.operation is Operation.FRAME_MAP:
            _, f_id, start, flags = entry.call.parameters(entry.words).values()
            frame = context.kernel.frames.get(f_id)
            if frame is not None and start <= va < start + frame.view_len:
                return RefusedMap(entry, error, frame, start, flags)
    return None


def frame_history(context: Context, frame: Frame) -> list[str]:
    """The last calls that concerned a frame, oldest first, one line each."""
    about = {entry.number for entry, event in context.history.events if _happened_to(frame, event)}
    calls = [
        (entry, result)
        for entry, result in context.history.calls
        if entry.number in about or _names(frame, entry)
    ]
    lines = [_call_text(context, entry, result) for entry, result in calls[-SHOWN:]]
    if len(calls) > SHOWN:
        lines.insert(0, f"({len(calls) - SHOWN} calls before these)")
    return lines


def _call_text(context: Context, entry: KernelEntry, result: int | None) -> str:
    """A call that succeeded: number, caller, arguments, and the id or count that it returned."""
    text = call_text(context.kernel, context.process, entry.call, entry.words)
    silent = result is None or entry.call.result == "zero"
    shown = "" if silent else f" = {result}"
    return f"call {entry.number}, process {entry.pid}: {text}{shown}"


def _happened_to(frame: Frame, event: Event) -> bool:
    """Whether an event made or moved the frame, or made a table that maps it a current vspace."""
    if isinstance(event, FrameSplit):
        return event.upper == frame.f_id
    if isinstance(event, FrameMoved):
        return event.f_id == frame.f_id
    return isinstance(event, VspaceChanged) and event.l1 in (frame.v_id, frame.t_id)


def _names(frame: Frame, entry: KernelEntry) -> bool:
    """Whether a call named the frame in a parameter other than the table to map in."""
    parameters = entry.call.parameters(entry.words)
    return any(parameters.get(name) == frame.f_id for name in _FRAMES)


_FRAMES: Final = ("f_id", "f1", "f2")
"""Parameters of operations that name the frames that these are about."""


def how_it_ended(history: History, pid: int) -> str | None:
    """How a process ended, or None if it is not in the history."""
    if pid in history.faults:
        return f"faulted: {history.faults[pid]}"
    for entry, event in reversed(history.events):
        if isinstance(event, ProcessEnded) and event.pid == pid:
            if isinstance(event.ending, Exited) and entry.words:
                return f"called {entry.call.name}({entry.words[0]}), call {entry.number}"
            return None
    return None
