"""The tree of mappings: what is installed or seen in which table; as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, groupby
from typing import NamedTuple

from emu.decoding.roles import record_text
from emu.views.grid import size_text
from kernel_model.abi import FrameType, TableType
from kernel_model.descriptors import rights_text
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel

SPECIAL = {FrameType.IO: "device", FrameType.PROC: "record", FrameType.POOL: "pool"}
"""The names of frames that are not the memory of programs."""


def roots(kernel: Kernel) -> list[Frame]:
    """The roots of the tree of mappings: L1s, and frames that are in no table."""
    tops = [
        frame for frame in kernel.frames.values() if not (frame.is_installed or frame.is_viewed)
    ]
    l1s = [frame for frame in kernel.frames.values() if frame.table is TableType.L1]
    rest = [frame for frame in tops if frame.table is not TableType.L1]
    return l1s + rest


class Child(NamedTuple):
    """A frame in a table.  va: where it is.  is_table: installed there, not viewed."""

    frame: Frame
    va: int
    is_table: bool

    @property
    def rights(self) -> str:
        """The rights of a view, after a space; "" for a table that is installed."""
        return "" if self.is_table else f" {rights_text(self.frame.view_rights)}"


def children(kernel: Kernel, table: Frame) -> list[Child]:
    """What is installed or seen in a table, in order of address."""
    tables = [kernel.frames[f_id] for f_id in table.installed]
    seen = [kernel.frames[f_id] for f_id in table.views]
    found = [Child(frame, frame.t_va, True) for frame in tables]
    found += [Child(frame, table.t_va + frame.v_off, False) for frame in seen]
    return sorted(found, key=lambda child: child.va)


def title(kernel: Kernel, frame: Frame) -> str:
    """A frame in a few words, e.g. ``L2 table 4`` or ``frame 7 (record of process 1)``."""
    if frame.is_table:
        return f"{frame.table.name} table {frame.f_id}"
    if frame.type is FrameType.PROC:
        return f"frame {frame.f_id} ({record_text(kernel, frame)})"
    name = SPECIAL.get(frame.type, "frame")
    return f"{name} {frame.f_id} ({size_text(frame.len)})"


def vspace_text(l1: Frame) -> str:
    """Whose vspace an L1 is, e.g. ``vspace of processes 0 and 2``; "" if nobody's.

    A process runs on a vspace that it owns, or on one that its owner has lent to it.
    """
    pids = [str(pid) for pid in sorted(l1.users)]
    if len(pids) < 2:
        return f"vspace of process {pids[0]}" if pids else ""
    return f"vspace of processes {', '.join(pids[:-1])} and {pids[-1]}"


def tree_lines(kernel: Kernel) -> list[str]:
    """The tree of mappings as text; frames that are mapped nowhere come last, in one line."""
    lines: list[str] = []
    loose: list[Frame] = []
    for root in roots(kernel):
        if root.is_table:
            lines.append(", ".join(filter(None, (title(kernel, root), vspace_text(root)))))
            lines += _branches(kernel, root, "")
        else:
            loose.append(root)
    alike = (titles(kernel, list(group)) for _, group in groupby(loose, _kind))
    return lines + ([f"not mapped: {', '.join(chain.from_iterable(alike))}"] if loose else [])


ALIKE = 4
"""From this many equal frames in a row on, they are shown as one."""


def titles(kernel: Kernel, frames: list[Frame]) -> list[str]:
    """Titles of equal frames: one for all if there are many, e.g. ``frames 7..9 (8M)``."""
    if len(frames) < ALIKE or frames[0].is_table:
        return [title(kernel, frame) for frame in frames]
    name = SPECIAL.get(frames[0].type, "frame")
    size = f"{len(frames)} x {size_text(frames[0].len)}"
    return [f"{name}s {frames[0].f_id}..{frames[-1].f_id} ({size})"]


def _kind(frame: Frame) -> tuple[object, ...]:
    return frame.type, frame.len, frame.table


def _branches(kernel: Kernel, table: Frame, indent: str) -> Iterator[str]:
    below = children(kernel, table)
    for _, group in groupby(
        below, lambda child: (child.is_table, child.rights, _kind(child.frame))
    ):
        alike = list(group)
        names = titles(kernel, [child.frame for child in alike])
        for child, name in zip(alike, names, strict=False):
            last = child is below[-1] or (len(names) < len(alike) and alike[-1] is below[-1])
            branch = "`-" if last else "|-"
            yield f"{indent}{branch} {child.va:#010x} {name}{child.rights}"
            if child.is_table:
                yield from _branches(kernel, child.frame, indent + ("   " if last else "|  "))
