"""A frame: a run of physical pages, its page view and its place as a table."""

from __future__ import annotations

from dataclasses import dataclass, field

from kernel_model.abi import (
    MAP_KIND_MASK,
    MAP_NOEXEC,
    MAP_WRITE,
    NO_ID,
    FrameType,
    MapKind,
    TableType,
)
from kernel_model.descriptors import (
    COARSE_SIZE,
    EXEC,
    READ,
    SECTION_SIZE,
    SMALL_PAGE_SIZE,
    WRITE,
)

_NEVER_EXECUTED = (FrameType.IO, FrameType.PROC)


@dataclass(slots=True)
class Frame:
    """The only kernel object that a process handles.  Source: docs/kernel.md, "Words".

    pa, len: physical address and bytes, page aligned.  owner: pid.  account: pid of the account
    that it is charged to.
    v_id: id of the table that holds this frame's page view.  v_off: where the view begins, in
    bytes from the first address that the table translates, so that a table carries its pages
    with it when it is installed elsewhere.  t_id, t_va: for an L2, the L1 that it is installed in
    and the address; t_va is 0 for an L1.
    views, installed: for a table, ids of the frames viewed in it and of the L2s installed in it,
    in the order of the calls.  users: for an L1, the pids whose current vspace it is.
    """

    f_id: int
    type: FrameType
    pa: int
    len: int
    owner: int
    account: int
    table: TableType = TableType.NO
    t_id: int = NO_ID
    t_va: int = 0
    v_id: int = NO_ID
    v_off: int = 0
    v_flags: int = 0
    views: dict[int, None] = field(default_factory=dict)
    installed: dict[int, None] = field(default_factory=dict)
    users: dict[int, None] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """Physical address of the first byte after the frame."""
        return self.pa + self.len

    @property
    def is_table(self) -> bool:
        return self.table is not TableType.NO

    @property
    def is_viewed(self) -> bool:
        return self.v_id != NO_ID

    @property
    def is_installed(self) -> bool:
        return self.t_id != NO_ID

    @property
    def is_free(self) -> bool:
        """Whether the frame is unused memory: MEM, without a view, no table."""
        return self.type is FrameType.MEM and not self.is_viewed and not self.is_table

    @property
    def span(self) -> range:
        """The addresses (va) that an L2 translates; offsets while it is installed nowhere."""
        return range(self.t_va, self.t_va + self.len // COARSE_SIZE * SECTION_SIZE)

    @property
    def view_kind(self) -> MapKind:
        """PAGE or SECTION; meaningful only while the frame is viewed."""
        return MapKind(self.v_flags & MAP_KIND_MASK)

    @property
    def view_unit(self) -> int:
        """Bytes that one table entry of the page view maps."""
        return SECTION_SIZE if self.view_kind is MapKind.SECTION else SMALL_PAGE_SIZE

    @property
    def view_len(self) -> int:
        """Bytes that a page view of the frame shows: of a PROC frame the first page (rule 11)."""
        return SMALL_PAGE_SIZE if self.type is FrameType.PROC else self.len

    @property
    def view_rights(self) -> int:
        """The rights that the page view gives user mode: READ, WRITE, EXEC."""
        write = WRITE if self.v_flags & MAP_WRITE else 0
        return READ | write | (EXEC if self.may_execute(self.v_flags) else 0)

    def may_execute(self, flags: int) -> bool:
        """Whether a page view with these map flags is executable.

        Views of devices, tables and PROC frames never are, whatever the flags (rules 7 and 11).
        """
        return not (flags & MAP_NOEXEC or self.is_table or self.type in _NEVER_EXECUTED)

    def __str__(self) -> str:
        return f"frame {self.f_id} ({self.type.name} {self.pa:#010x}+{self.len:#x})"
