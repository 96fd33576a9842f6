"""``emu frames``: the owner of each frame and where it is mapped, as text and as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from emu.decoding.roles import role_of
from emu.views.grid import Column, Grid, size_text
from emu.views.tree import ALIKE, tree_lines
from kernel_model.abi import (
    MAP_WRITE,
    NO_ID,
    FrameType,
    MapKind,
    ProcState,
    TableType,
)
from kernel_model.descriptors import rights_text
from kernel_model.frame import Frame
from kernel_model.kernel import KERNEL_SIZE, PROC0, Kernel
from kernel_model.process import Process

_FRAMES = (
    Column("frame", right=True, style="green"), Column("type"), Column("physical", style="cyan"),
    Column("size", right=True), Column("table"), Column("installed in"), Column("seen in"),
    Column("at"), Column("rights"), Column("role"),
)  # fmt: skip
MANY = 40
"""With more frames than this, consecutive ones that are alike are shown as one row."""


class Layout(NamedTuple):
    """What the kernel does not know about processes, but the roles of frames depend on.

    stacks: SP by pid.  segments: where proc0's program was loaded (va).
    """

    stacks: Mapping[int, int]
    segments: Sequence[tuple[int, int]]


_UNKNOWN = Layout({}, ())


def frame_grids(kernel: Kernel, layout: Layout = _UNKNOWN) -> list[Grid]:
    """The frames of each process, in the order in which they arrived, and the tree."""
    grids = [_process_grid(kernel, process, layout) for process in kernel.processes.values()]
    tree = [(line,) for line in tree_lines(kernel)]
    return [*grids, Grid("mappings", (Column(""),), tree)]


def frame_data(kernel: Kernel, layout: Layout = _UNKNOWN) -> dict[str, Any]:
    """The same as plain data."""
    ram = kernel.memory
    return {
        "ram": {"pa": ram.base, "len": ram.size, "kernel": KERNEL_SIZE},
        "processes": [_process_data(process) for process in kernel.processes.values()],
        "frames": [_frame_data(kernel, frame, layout) for frame in kernel.frames.values()],
    }


def _process_grid(kernel: Kernel, process: Process, layout: Layout) -> Grid:
    frames = [kernel.frames[f_id] for f_id in process.frames]
    size = size_text(sum(frame.len for frame in frames if frame.type is not FrameType.IO))
    parent = "" if process.parent == NO_ID else f", child of process {process.parent}"
    heading = (
        f"process {process.pid}{parent}: {process.state.name.lower()}, {len(frames)} frames, "
        f"{size}, {process.charged} of {process.room} kernel objects"
    )
    rows = [_frame_row(kernel, frame, layout) for frame in frames]
    return Grid(heading, _FRAMES, rows if len(rows) <= MANY else _grouped(rows))


def _grouped(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Consecutive rows that differ only in frame numbers and addresses, joined to one."""
    grouped: list[tuple[str, ...]] = []
    for _, group in groupby(rows, lambda row: (row[1], *row[3:5], row[6], *row[8:])):
        alike = list(group)
        if len(alike) < ALIKE:
            grouped += alike
            continue
        first, last = alike[0], alike[-1]
        row = [*first]
        row[0], row[2] = f"{first[0]}..{last[0]}", f"{first[2]}.."
        row[3] = f"{len(alike)} x {first[3]}"
        row[5], row[7] = (f"{cell}.." if cell else "" for cell in (first[5], first[7]))
        grouped.append(tuple(row))
    return grouped


def _role(kernel: Kernel, frame: Frame, layout: Layout) -> str:
    """The role of the frame for the processes in whose vspace it is seen."""
    l1 = kernel.l1_over(kernel.frames[frame.v_id]) if frame.is_viewed else None
    if l1 is None or not l1.users:
        return role_of(kernel, frame, False)
    va = kernel.view_va(frame)
    sps = {pid: layout.stacks.get(pid, 0) for pid in sorted(l1.users)}
    at_stack = [pid for pid, sp in sps.items() if va < sp <= va + frame.len]
    role = role_of(kernel, frame, True, bool(at_stack and frame.v_flags & MAP_WRITE))
    if role == "stack" and len(l1.users) > 1:
        return f"stack of process {at_stack[0]}"
    is_programs = any(start <= va + frame.len - 1 and va < end for start, end in layout.segments)
    is_heap = role == "data" and PROC0 in l1.users and layout.segments and not is_programs
    return "heap" if is_heap else role


def _frame_row(kernel: Kernel, frame: Frame, layout: Layout) -> tuple[str, ...]:
    place = f"{frame.t_id} at {frame.t_va:#010x}" if frame.is_installed else ""
    table = frame.table.name if frame.is_table else ""
    if frame.table is TableType.L1 and kernel.is_current(frame):
        users = ", ".join(str(pid) for pid in sorted(frame.users))
        table = "L1, current" + (f" of {users}" if [*frame.users] != [frame.owner] else "")
    seen = at = rights = ""
    if frame.is_viewed:
        seen = f"{frame.v_id}" + (" as sections" if frame.view_kind is MapKind.SECTION else "")
        at, rights = f"{kernel.view_va(frame):#010x}", rights_text(frame.view_rights)
    return (
        str(frame.f_id), frame.type.name, f"{frame.pa:#010x}", size_text(frame.len), table, place,
        seen, at, rights, _role(kernel, frame, layout),
    )  # fmt: skip


def _process_data(process: Process) -> dict[str, Any]:
    return {
        "pid": process.pid,
        "parent": None if process.parent == NO_ID else process.parent,
        "state": ProcState(process.state).name,
        "l1": None if process.l1 == NO_ID else process.l1,
        "account": {"room": process.room, "charged": process.charged},
        "frames": list(process.frames),
    }


def _frame_data(kernel: Kernel, frame: Frame, layout: Layout) -> dict[str, Any]:
    """A frame; the table it is installed in and its view are null where there is none."""
    place = {"table": frame.t_id, "va": frame.t_va} if frame.is_installed else None
    view = None
    if frame.is_viewed:
        view = {
            "table": frame.v_id, "va": kernel.view_va(frame), "kind": frame.view_kind.name,
            "rights": rights_text(frame.view_rights),
        }  # fmt: skip
    return {
        "f_id": frame.f_id, "owner": frame.owner, "type": frame.type.name, "pa": frame.pa,
        "len": frame.len, "table": frame.table.name if frame.is_table else None, "hangs": place,
        "view": view, "role": _role(kernel, frame, layout),
    }  # fmt: skip
