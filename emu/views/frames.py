"""``emu frames``: who owns what, and what hangs or is seen where, as text and as data."""

from __future__ import annotations

from typing import Any

from emu.views.grid import Column, Grid, size_text
from emu.views.tree import tree_lines
from kernel_model.abi import (
    NO_ID,
    FrameType,
    MapKind,
    ProcState,
    TableType,
)
from kernel_model.descriptors import rights_text
from kernel_model.frame import Frame
from kernel_model.kernel import KERNEL_SIZE, Kernel
from kernel_model.process import Process

_FRAMES = (
    Column("frame", right=True, style="green"), Column("type"), Column("physical", style="cyan"),
    Column("size", right=True), Column("table"), Column("hangs in"), Column("seen in"),
    Column("at"), Column("rights"),
)  # fmt: skip


def frame_grids(kernel: Kernel) -> list[Grid]:
    """The frames of each process, in the order in which they arrived, and the tree."""
    grids = [_process_grid(kernel, process) for process in kernel.processes.values()]
    tree = [(line,) for line in tree_lines(kernel)]
    return [*grids, Grid("mappings", (Column(""),), tree)]


def frame_data(kernel: Kernel) -> dict[str, Any]:
    """The same as plain data."""
    ram = kernel.memory
    return {
        "ram": {"pa": ram.base, "len": ram.size, "kernel": KERNEL_SIZE},
        "processes": [_process_data(process) for process in kernel.processes.values()],
        "frames": [_frame_data(kernel, frame) for frame in kernel.frames.values()],
    }


def _process_grid(kernel: Kernel, process: Process) -> Grid:
    frames = [kernel.frames[f_id] for f_id in process.frames]
    size = size_text(sum(frame.len for frame in frames if frame.type is not FrameType.IO))
    parent = "" if process.parent == NO_ID else f", child of process {process.parent}"
    heading = (
        f"process {process.pid}{parent}: {process.state.name.lower()}, {len(frames)} frames, "
        f"{size}, {process.charged} of {process.room} kernel objects"
    )
    return Grid(heading, _FRAMES, [_frame_row(kernel, frame) for frame in frames])


def _frame_row(kernel: Kernel, frame: Frame) -> tuple[str, ...]:
    hangs = f"{frame.t_id} at {frame.t_va:#010x}" if frame.is_hung else ""
    table = frame.table.name if frame.is_table else ""
    if frame.table is TableType.L1 and kernel.is_current(frame):
        table = "L1, current"
    seen = at = rights = ""
    if frame.is_viewed:
        seen = f"{frame.v_id}" + (" as sections" if frame.view_kind is MapKind.SECTION else "")
        at, rights = f"{kernel.view_va(frame):#010x}", rights_text(frame.view_rights)
    return (
        str(frame.f_id), frame.type.name, f"{frame.pa:#010x}", size_text(frame.len), table, hangs,
        seen, at, rights,
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


def _frame_data(kernel: Kernel, frame: Frame) -> dict[str, Any]:
    """A frame; a table it hangs in and a view it has are null where there is none."""
    place = {"table": frame.t_id, "va": frame.t_va} if frame.is_hung else None
    view = None
    if frame.is_viewed:
        view = {
            "table": frame.v_id, "va": kernel.view_va(frame), "kind": frame.view_kind.name,
            "rights": rights_text(frame.view_rights),
        }  # fmt: skip
    return {
        "f_id": frame.f_id, "owner": frame.owner, "type": frame.type.name, "pa": frame.pa,
        "len": frame.len, "table": frame.table.name if frame.is_table else None, "hangs": place,
        "view": view,
    }  # fmt: skip
