"""Frames and mappings as plain values."""

from __future__ import annotations

from typing import NamedTuple

from kernel_model.descriptors import rights_text
from kernel_model.frame import Frame as ModelFrame
from kernel_model.kernel import Kernel
from kernel_model.walk import Mapped


class Frame(NamedTuple):
    """A frame.  Addresses and lengths are in bytes; what it has not is None.

    type: ``MEM``, ``IO``, ``PROC`` or ``POOL``.  owner: pid.  table: ``L1`` or ``L2``.
    hangs_in, hangs_at: the L1 (frame id) and the address where this table is installed.
    seen_in, seen_at: the table with its page view, and where that is; None while that table
    is installed nowhere.  rights: of the view, as ``rw-``.
    """

    id: int
    type: str
    pa: int
    length: int
    owner: int
    table: str | None
    hangs_in: int | None
    hangs_at: int | None
    seen_in: int | None
    seen_at: int | None
    rights: str


class Mapping(NamedTuple):
    """A run of addresses that a vspace maps alike, to one frame.

    user, kernel: what each may do, as ``r-x``.  frame: its id, None for the kernel's own memory.
    kind: ``section`` or ``page``.
    """

    va: int
    length: int
    pa: int
    user: str
    kernel: str
    kind: str
    frame: int | None

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.va + self.length


def frame_value(kernel: Kernel, frame: ModelFrame) -> Frame:
    """A frame of the model's as it is now."""
    installed, viewed = frame.is_installed, frame.is_viewed
    is_visible = viewed and kernel.l1_over(kernel.frames[frame.v_id]) is not None
    return Frame(
        frame.f_id,
        frame.type.name,
        frame.pa,
        frame.len,
        frame.owner,
        frame.table.name if frame.is_table else None,
        frame.t_id if installed else None,
        frame.t_va if installed else None,
        frame.v_id if viewed else None,
        kernel.view_va(frame) if is_visible else None,
        rights_text(frame.view_rights) if viewed else "---",
    )


def mapping_value(run: Mapped, frame: int | None) -> Mapping:
    """A run of addresses as the walker found it."""
    user, kernel = rights_text(run.user), rights_text(run.kernel)
    return Mapping(run.va, run.size, run.pa, user, kernel, run.kind, frame)
