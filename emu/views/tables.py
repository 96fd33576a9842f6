"""``emu tables``: the address space of each process, as text and as data."""

from __future__ import annotations

from typing import Any

from emu.views.grid import Column, Grid, size_text
from emu.views.installed import TableRun, table_runs
from kernel_model.abi import NO_ID
from kernel_model.descriptors import COARSE_SIZE, SECTION_SIZE, rights_text
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel
from kernel_model.process import Process
from kernel_model.walk import Mapped, mapped

_MAPPED = (
    Column("addresses", style="cyan"), Column("size", right=True), Column("user"),
    Column("kernel"), Column("entries"), Column("memory"), Column("physical"),
    Column("frame", style="green"),
)  # fmt: skip
_TABLES = (
    Column("entries", style="cyan"), Column("addresses"), Column("table at"),
    Column("frame", style="green"),
)  # fmt: skip


def table_grids(kernel: Kernel, process: Process) -> list[Grid]:
    """What a process's tables map, and its second-level tables."""
    who = f"process {process.pid}"
    if process.l1 == NO_ID:
        return [Grid(f"{who} has no address space", (Column(""),), ())]
    l1 = kernel.frames[process.l1]
    heading = f"{who}: L1 table at {l1.pa:#010x}, frame {l1.f_id}"
    return [
        Grid(heading, _MAPPED, [_run_row(kernel, run) for run in _runs(kernel, l1)]),
        Grid(
            f"{who}: second-level tables",
            _TABLES,
            [_table_row(kernel, one) for one in table_runs(kernel.memory, l1.pa)],
        ),
    ]


def table_data(kernel: Kernel, process: Process) -> dict[str, Any]:
    """The same as plain data."""
    if process.l1 == NO_ID:
        return {"pid": process.pid, "l1": None, "runs": [], "tables": []}
    l1 = kernel.frames[process.l1]
    return {
        "pid": process.pid,
        "l1": {"frame": l1.f_id, "pa": l1.pa},
        "runs": [
            {**run._asdict(), "user": rights_text(run.user), "kernel": rights_text(run.kernel),
             "frame": _frame_id(kernel, run.pa)}
            for run in _runs(kernel, l1)
        ],
        "tables": [
            {**one._asdict(), "va": one.entry * SECTION_SIZE, "frame": _frame_id(kernel, one.table)}
            for one in table_runs(kernel.memory, l1.pa)
        ],
    }  # fmt: skip


def _runs(kernel: Kernel, l1: Frame) -> list[Mapped]:
    """What is mapped, cut where another frame begins."""
    cut: list[Mapped] = []
    for run in mapped(kernel.memory, l1.pa):
        done = 0
        while done < run.size:
            frame = kernel.frame_at(run.pa + done)
            room = run.size - done
            part = room if frame is None else min(room, frame.end - run.pa - done)
            cut.append(run._replace(va=run.va + done, pa=run.pa + done, size=part))
            done += part
    return cut


def _frame_id(kernel: Kernel, pa: int) -> int | None:
    frame = kernel.frame_at(pa)
    return None if frame is None else frame.f_id


def _frame_text(kernel: Kernel, pa: int) -> str:
    frame = kernel.frame_at(pa)
    if frame is not None:
        offset = f" + {pa - frame.pa:#x}" if pa != frame.pa else ""
        return f"{frame.f_id}{offset}"
    return "the kernel" if kernel.start <= pa < kernel.end else "none"


def _run_row(kernel: Kernel, run: Mapped) -> tuple[str, ...]:
    return (
        f"{run.va:#010x}..{run.end - 1:#010x}", size_text(run.size), rights_text(run.user),
        rights_text(run.kernel), run.kind, run.memory, f"{run.pa:#010x}",
        _frame_text(kernel, run.pa),
    )  # fmt: skip


def _table_row(kernel: Kernel, one: TableRun) -> tuple[str, ...]:
    first, last = one.entry, one.entry + one.entries - 1
    start, end = first * SECTION_SIZE, (last + 1) * SECTION_SIZE - 1
    where = (
        f"{one.table:#010x}"
        if one.entries == 1
        else (f"{one.table:#010x}..{one.table + one.entries * COARSE_SIZE - 1:#010x}")
    )
    entries = f"L1[{first:#05x}]" if one.entries == 1 else f"L1[{first:#05x}..{last:#05x}]"
    return entries, f"{start:#010x}..{end:#010x}", where, _frame_text(kernel, one.table)
