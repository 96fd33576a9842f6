"""What happened to a frame or a place: the last acts, read backwards."""

from __future__ import annotations

from typing import NamedTuple

from emu.decoding.calls import call_text
from emu.machine.history import Act, History, Written
from emu.report.context import Context
from kernel_model.abi import Error
from kernel_model.descriptors import (
    COARSE_SIZE,
    Coarse,
    Fault,
    Leaf,
    decode_l1,
    decode_l2,
)
from kernel_model.frame import Frame
from kernel_model.walk import Walk

SHOWN = 8
"""How many events of a frame's history a report shows: the last ones."""

_GIVES_TREES = ("proc_new", "frame_give", "vspace_swap")
"""Calls by which all that is mapped in a table goes with it."""


class Loss(NamedTuple):
    """A mapping that was there: ``act`` took it away.

    It was of the physical memory from ``start_pa`` on, seen from ``start_va`` on with the rights
    that ``entry`` gives; ``pa`` is where the byte in question was.
    """

    act: Act
    start_va: int
    start_pa: int
    pa: int
    entry: Leaf


def loss(context: Context, walk: Walk) -> Loss | None:
    """What took away the mapping whose absence ended this walk, if it is remembered."""
    if not walk.steps or not isinstance(walk.steps[-1].entry, Fault):
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
    if isinstance(entry, Fault | Coarse):
        return None
    start = (va & -entry.size) - index * entry.size
    return Loss(written.act, start, entry.base, entry.base + va - start, entry)


class RefusedMap(NamedTuple):
    """A ``frame_map`` in vain: ``frame`` at ``va``."""

    act: Act
    error: Error
    frame: Frame
    va: int
    flags: int


def refused_map(context: Context, va: int) -> RefusedMap | None:
    """The last call of the process's that tried in vain to map something where ``va`` is."""
    for act, error, _ in reversed(context.history.refusals):
        if act.pid == context.process.pid and act.call.name == "frame_map":
            _, f_id, start, flags = act.words
            frame = context.kernel.frames.get(f_id)
            if frame is not None and start <= va < start + frame.len:
                return RefusedMap(act, error, frame, start, flags)
    return None


def frame_history(context: Context, frame: Frame) -> list[str]:
    """The last events of a frame's life, oldest first, a line each."""
    events = [event for event in context.history.calls if _concerns(frame, *event)]
    lines = [_event_text(context, act, result) for act, result in events[-SHOWN:]]
    if len(events) > SHOWN:
        lines.insert(0, f"({len(events) - SHOWN} calls before these)")
    return lines


def _event_text(context: Context, act: Act, result: int | None) -> str:
    """A call that succeeded: which, whose, what, and the id that it gave."""
    text = call_text(context.kernel, context.process, act.call, act.words)
    silent = result is None or act.call.result == "zero"
    shown = "" if silent else f" = {result}"
    return f"call {act.number}, process {act.pid}: {text}{shown}"


def _concerns(frame: Frame, act: Act, result: int | None) -> bool:
    """Whether a call that succeeded made the frame, or had it or what it hangs in as argument."""
    if act.call.name == "frame_split" and result == frame.f_id:
        return True
    for argument, word in zip(act.call.arguments, act.words, strict=False):
        if argument.what == "f_id":
            value = argument.from_register(word)
            if value == frame.f_id and argument.name != "t_id":
                return True
            if act.call.name in _GIVES_TREES and value in (frame.v_id, frame.t_id):
                return True
    return False


def how_it_ended(history: History, pid: int) -> str | None:
    """How a process ended, if it is remembered."""
    if pid in history.faults:
        return f"faulted: {history.faults[pid]}"
    for act, _ in reversed(history.calls):
        if act.pid == pid and act.call.name == "exit":
            return f"called exit({act.words[0]}), call {act.number}"
    return None
