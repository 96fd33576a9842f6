"""Calls that would bring about a mapping: concrete ones, in an order in which they succeed."""

from __future__ import annotations

from emu.decoding.calls import Advice, advise
from emu.report.context import Context
from kernel_model.abi import (
    KERNEL_VA,
    MAP_NOEXEC,
    MAP_READ,
    FrameType,
    MapKind,
    TableType,
)
from kernel_model.calls.checks import is_viewed_by
from kernel_model.descriptors import COARSE_SIZE, SECTION_SIZE
from kernel_model.frame import Frame
from kernel_model.memory import PAGE_SIZE


class NoPlanError(Exception):
    """No sequence of calls was found: why, for people."""


class Plan:
    """A sequence of calls under construction.  Ids of new frames are foretold."""

    def __init__(self, context: Context) -> None:
        self.calls: list[Advice] = []
        self._context = context
        self._kernel = context.kernel
        self._next_f_id = context.kernel.next_f_id
        self._free = {frame.f_id: frame.len for frame in self._frames() if _is_free(frame)}

    def call(self, name: str, *arguments: int) -> None:
        """One more call."""
        self.calls.append(advise(name, *arguments))

    def map_page(self, va: int, flags: int) -> None:
        """Map a page of free memory at the page that holds ``va``.  Errors: NoPlanError."""
        page = va & -PAGE_SIZE
        t_id = self._table_for(page)
        self.call("frame_map", t_id, self._take_page(), page, flags | MapKind.PAGE)

    def map_frame(self, frame: Frame, va: int, flags: int) -> None:
        """Map this frame as pages at ``va``, a page's start.  Errors: NoPlanError."""
        self._free.pop(frame.f_id, None)
        table = self.table_over(va)
        end = va + SECTION_SIZE if table is None else _span(table).stop
        if va + frame.len > end:
            raise NoPlanError("no one table spans the whole frame; split it first")
        self.call("frame_map", self._table_for(va), frame.f_id, va, flags)

    def see(self, frame: Frame) -> None:
        """View a page-sized frame read-only.  Errors: NoPlanError."""
        if frame.is_viewed:
            raise NoPlanError(f"frame {frame.f_id} is viewed already, in table {frame.v_id}")
        self._view(frame.f_id, -1)

    def hang(self, table: Frame, va: int) -> None:
        """Hang an L2 so that it translates ``va``.  Errors: NoPlanError."""
        l1 = self._kernel.frames[self._context.process.l1]
        t_id = self._visible(l1, va)
        start = self._room_in_l1(l1, va, table.len // COARSE_SIZE)
        self.call("frame_map", t_id, table.f_id, start, MapKind.TABLE_L2)

    def _table_for(self, page: int) -> int:
        """An L2 over the page that may be edited, made if there is none."""
        table = self.table_over(page)
        return self._new_table(page) if table is None else self._visible(table, page)

    def table_over(self, va: int) -> Frame | None:
        """The L2 that translates an address of the process."""
        return next((table for table in self._tables() if va in _span(table)), None)

    def _frames(self) -> list[Frame]:
        return [self._kernel.frames[f_id] for f_id in self._context.process.frames]

    def _tables(self) -> list[Frame]:
        """The L2s of the current vspace, the highest first."""
        l1 = self._context.process.l1
        found = [
            frame for frame in self._frames() if frame.table is TableType.L2 and frame.t_id == l1
        ]
        return sorted(found, key=lambda table: -table.t_va)

    def _take_page(self) -> int:
        """A page of free memory as a frame of its own, cut off the end of a larger one."""
        single = next((f_id for f_id, size in self._free.items() if size == PAGE_SIZE), None)
        if single is not None:
            del self._free[single]
            return single
        if not self._free:
            raise NoPlanError("the process has no free memory frame")
        f_id = max(self._free, key=lambda f_id: self._free[f_id])
        self._free[f_id] -= PAGE_SIZE
        self.call("frame_split", f_id, self._free[f_id])
        self._next_f_id += 1
        return self._next_f_id - 1

    def _new_table(self, va: int) -> int:
        """A new L2 over ``va``: a page viewed read-only, made a table, and hung in the L1."""
        l1 = self._kernel.frames[self._context.process.l1]
        self._visible(l1, va)
        start = self._room_in_l1(l1, va, PAGE_SIZE // COARSE_SIZE)
        table = self._take_page()
        self._view(table, va)
        self.call("frame_table", table, TableType.L2)
        self.call("frame_map", l1.f_id, table, start, MapKind.TABLE_L2)
        return table

    def _room_in_l1(self, l1: Frame, va: int, count: int) -> int:
        """Where an L2 of so many entries can hang so that it is over ``va``."""
        words = self._kernel.memory.read_words(l1.pa, l1.len // 4)
        span = count * SECTION_SIZE
        own = va & -SECTION_SIZE
        starts: list[int] = [va // span * span, *range(own, own - span, -SECTION_SIZE)]
        for start in starts:
            first = start // SECTION_SIZE
            if 0 <= start <= KERNEL_VA - span and not any(words[first : first + count]):
                return start
        raise NoPlanError(f"{count} neighbouring entries of the L1 are not free there")

    def _visible(self, table: Frame, va: int) -> int:
        """See to it that the kernel may edit the table for us: that we see it read-only."""
        f_id: int = table.f_id
        if not is_viewed_by(self._kernel, self._context.process, table):
            if table.is_viewed:
                raise NoPlanError(f"table {f_id} is viewed in a vspace that is not current")
            self._view(f_id, va)
        return f_id

    def _view(self, f_id: int, avoid: int) -> None:
        """View a page-sized frame read-only in some free place, not where ``avoid`` is."""
        for table in self._tables():
            if not is_viewed_by(self._kernel, self._context.process, table):
                continue
            words = self._kernel.memory.read_words(table.pa, table.len // 4)
            for index, word in enumerate(words):
                va = table.t_va + index * PAGE_SIZE
                if not word and va and va != avoid & -PAGE_SIZE and not self._is_planned(va):
                    flags = MAP_READ | MAP_NOEXEC | MapKind.PAGE
                    self.call("frame_map", table.f_id, f_id, va, flags)
                    return
        raise NoPlanError("no visible L2 has a free entry")

    def _is_planned(self, va: int) -> bool:
        return any(call.name == "frame_map" and call.arguments[2] == va for call in self.calls)


def _is_free(frame: Frame) -> bool:
    return frame.type is FrameType.MEM and not frame.is_viewed and not frame.is_table


def _span(table: Frame) -> range:
    return range(table.t_va, table.t_va + table.len // COARSE_SIZE * SECTION_SIZE)
