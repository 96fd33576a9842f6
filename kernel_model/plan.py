"""Plans: sequences of calls that establish a mapping, each of which would succeed.

Planning changes nothing in the kernel.  A plan records what its calls so far would change: table
entries in use, memory used, and the ids of new frames.
"""

from __future__ import annotations

from typing import NamedTuple

from kernel_model.abi import (
    KERNEL_VA,
    MAP_NOEXEC,
    MAP_READ,
    MAP_WRITE,
    FrameType,
    MapKind,
    TableType,
)
from kernel_model.calls.checks import is_viewed_by
from kernel_model.descriptors import COARSE_ENTRIES, COARSE_SIZE, SECTION_SIZE
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_SIZE
from kernel_model.operations import Operation
from kernel_model.process import Process

_TABLES_IN_A_PAGE = PAGE_SIZE // COARSE_SIZE


class NoPlanError(Exception):
    """No sequence of calls was found; the message says why."""


class PlannedCall(NamedTuple):
    """A call to make: an operation, and its parameters in the operation's order."""

    operation: Operation
    arguments: tuple[int, ...]


def planned(operation: Operation, *arguments: int) -> PlannedCall:
    """A call to make."""
    return PlannedCall(operation, arguments)


def free_memory(kernel: Kernel, process: Process) -> list[Frame]:
    """The process's unused memory frames: neither viewed nor tables."""
    frames = map(kernel.frames.__getitem__, process.frames)
    return [frame for frame in frames if frame.is_free]


def installed_tables(kernel: Kernel, process: Process) -> list[Frame]:
    """The L2s installed in the process's current vspace, the highest address first."""
    return tables_in(kernel, kernel.frames[process.l1])


def tables_in(kernel: Kernel, l1: Frame) -> list[Frame]:
    """The L2s installed in an L1, the highest address first."""
    tables = [kernel.frames[f_id] for f_id in l1.installed]
    return sorted(tables, key=lambda table: -table.t_va)


def table_over(kernel: Kernel, process: Process, va: int) -> Frame | None:
    """The L2 that translates an address of the process, or None."""
    for table in installed_tables(kernel, process):
        if va in table.span:
            return table
    return None


class _Table:
    """An L2 of the vspace as the plan leaves it.

    va, end: the addresses that it translates.  taken: a byte for each entry, 1 where the entry is
    in use, is reserved by the plan, or is page 0.
    """

    def __init__(self, f_id: int, va: int, taken: bytearray) -> None:
        self.f_id, self.va, self.taken = f_id, va, taken
        self.end = va + len(taken) * PAGE_SIZE
        if va == 0:
            taken[0] = 1  # page 0

    def slots(self, start: int, end: int) -> slice:
        """The entries for the part of [start, end) that this table translates."""
        first = max(start, self.va)
        last = max(first, min(end, self.end))
        return slice((first - self.va) // PAGE_SIZE, (last - self.va) // PAGE_SIZE)

    def mark(self, start: int, end: int, mark: bytes) -> None:
        slots = self.slots(start, end)
        self.taken[slots] = mark * (slots.stop - slots.start)


_FREE, _TAKEN = b"\0", b"\1"


class Plan:
    """A sequence of calls under construction, for a process that has a vspace."""

    def __init__(self, kernel: Kernel, process: Process, l1: Frame | None = None) -> None:
        """process: makes the calls.  l1: of the vspace to map in; None: its current one."""
        self.calls: list[PlannedCall] = []
        self._kernel, self._process = kernel, process
        self._next_f_id = kernel.next_f_id
        self._splits_left = process.free_room
        self._free = {frame.f_id: frame.len for frame in free_memory(kernel, process)}
        own = kernel.frames[process.l1]
        self._l1 = l1 or own
        self._l1_taken = self._taken(self._l1)
        self._visible: set[int] = set()
        self._tables = self._tables_of(self._l1)
        self._own_tables = self._tables if self._l1 is own else self._tables_of(own)
        self._wanted = range(0)

    def _tables_of(self, l1: Frame) -> list[_Table]:
        """The L2s of a vspace; notes which of them, and whether the L1, are visible."""
        installed = tables_in(self._kernel, l1)
        self._visible |= {
            table.f_id
            for table in (l1, *installed)
            if table.owner == self._process.pid and is_viewed_by(self._kernel, self._process, table)
        }
        return [_Table(table.f_id, table.t_va, self._taken(table)) for table in installed]

    def _taken(self, table: Frame) -> bytearray:
        """A byte for each entry of a table: whether it is in use."""
        return bytearray(map(bool, self._kernel.memory.read_words(table.pa, table.len // 4)))

    # -- what can be planned -----------------------------------------------------------

    def map_page(self, va: int, flags: int) -> None:
        """Map a page of free memory at the page that holds ``va``.  Errors: NoPlanError."""
        page = va & -PAGE_SIZE
        self._want(page, page + PAGE_SIZE)
        self._map_piece(page, page + PAGE_SIZE, flags)

    def map_range(self, start: int, end: int, flags: int) -> int:
        """Map free memory at [start, end), page aligned, as far as possible.

        Returns the end (va) of what the plan maps: ``end`` or less.
        """
        va = start
        try:
            self._want(start, end)
            while va < end:
                va += self._map_piece(va, end, flags)
        except NoPlanError:
            pass
        return va

    def map_frame(self, frame: Frame, va: int, flags: int) -> None:
        """Map this frame as pages at ``va``, page aligned.  Errors: NoPlanError."""
        self._check_viewable(frame, flags)
        self._free.pop(frame.f_id, None)
        own = self._own_view(frame)
        self._mark(own.start, own.stop, _FREE)  # mapping a frame that is viewed moves its view
        self._want(va, va + frame.view_len)
        self._mark(own.start, own.stop, _TAKEN)
        table = self._table_for(va)
        if va + frame.view_len > table.end:
            raise NoPlanError("no one table spans the whole frame; split it first")
        self._call(Operation.FRAME_MAP, table.f_id, frame.f_id, va, flags)

    def expect(self, frame: Frame) -> None:
        """Plan as if the frame were free memory of the process, which earlier calls make it."""
        self._free[frame.f_id] = frame.len

    def map_sections(self, frame: Frame, va: int, flags: int) -> None:
        """Map a frame of whole MiBs as sections at ``va``.  Errors: NoPlanError."""
        self._check_viewable(frame, flags)
        self._free.pop(frame.f_id, None)
        self._make_visible(self._l1.f_id)
        self._call(Operation.FRAME_MAP, self._l1.f_id, frame.f_id, va, flags)

    def remap(self, frame: Frame, flags: int) -> None:
        """Map a frame where it is viewed, with other rights.  Errors: NoPlanError."""
        self._check_viewable(frame, flags)
        self._make_visible(frame.v_id)
        va = self._kernel.view_va(frame)
        self._call(Operation.FRAME_MAP, frame.v_id, frame.f_id, va, flags)

    def map_anywhere(self, frame: Frame, flags: int) -> None:
        """Map this frame as pages at any free address.  Errors: NoPlanError."""
        self._check_viewable(frame, flags)
        self._free.pop(frame.f_id, None)
        table, va = self._place_to_view(frame.view_len)
        self._call(Operation.FRAME_MAP, table.f_id, frame.f_id, va, flags)

    def see(self, frame: Frame) -> None:
        """View a frame read-only: where it is viewed, else at any free address.

        Errors: NoPlanError.
        """
        if not frame.is_viewed:
            self.map_anywhere(frame, MAP_READ | MAP_NOEXEC | MapKind.PAGE)
        elif not is_viewed_by(self._kernel, self._process, frame):
            self._check_own_vspace()
            raise NoPlanError(f"frame {frame.f_id} is viewed in a vspace that is not current")
        elif frame.v_flags & MAP_WRITE:
            self.remap(frame, frame.v_flags & ~MAP_WRITE)

    def show(self, table: Frame) -> None:
        """View a table of the process unless it is visible already.  Errors: NoPlanError."""
        self._make_visible(table.f_id)

    def make_table(self, frame: Frame) -> None:
        """Make a frame an L2.  Errors: NoPlanError."""
        self.see(frame)
        self._call(Operation.FRAME_TABLE, frame.f_id, TableType.L2)

    def install(self, table: Frame, va: int) -> None:
        """Install an L2 so that it translates ``va``.  Errors: NoPlanError."""
        self._make_visible(self._l1.f_id)
        start = self._room_in_l1(va, table.len // COARSE_SIZE)
        if start == 0 and self._kernel.memory.read_word(table.pa):
            raise NoPlanError("the table's first entry would map page 0")
        self._call(Operation.FRAME_MAP, self._l1.f_id, table.f_id, start, MapKind.TABLE_L2)

    # -- addresses ---------------------------------------------------------------------

    def _want(self, start: int, end: int) -> None:
        """Reserve [start, end) for the mapping.  Errors: NoPlanError."""
        if start == 0 or end > KERNEL_VA:
            raise NoPlanError("page 0 and the kernel's part are never mapped")
        if any(_TAKEN in table.taken[table.slots(start, end)] for table in self._tables):
            raise NoPlanError("something is mapped there already")
        self._mark(start, end, _TAKEN)
        self._wanted = range(start, end)

    def _mark(self, start: int, end: int, mark: bytes) -> None:
        for table in self._tables:
            table.mark(start, end, mark)

    def _own_view(self, frame: Frame) -> range:
        """The addresses in this vspace at which a frame is viewed as pages now."""
        if frame.view_kind is not MapKind.PAGE or not self._is_viewed_here(frame):
            return range(0)
        va = self._kernel.view_va(frame)
        return range(va, va + frame.view_len)

    def _is_viewed_here(self, frame: Frame) -> bool:
        if not frame.is_viewed:
            return False
        return self._kernel.l1_over(self._kernel.frames[frame.v_id]) is self._l1

    def _check_viewable(self, frame: Frame, flags: int) -> None:
        if frame.f_id in self._free:
            return
        if frame.owner != self._process.pid:
            raise NoPlanError(f"frame {frame.f_id} belongs to process {frame.owner}")
        if frame.type is FrameType.POOL:
            raise NoPlanError("pool memory is never viewed")
        if flags & MAP_WRITE and (frame.is_table or frame.type is FrameType.PROC):
            raise NoPlanError(f"frame {frame.f_id} may only be viewed read-only")

    # -- memory ------------------------------------------------------------------------

    def _map_piece(self, va: int, end: int, flags: int) -> int:
        """Map the part of [va, end) that one frame and one table cover; return its bytes."""
        table = self._table_for(va)
        f_id, length = self._take(min(end, table.end) - va)
        self._call(Operation.FRAME_MAP, table.f_id, f_id, va, flags | MapKind.PAGE)
        return length

    def _take(self, length: int) -> tuple[int, int]:
        """Take a free frame of at most ``length`` bytes: its id and its bytes.

        A frame of just that size if there is one, else the end of the largest, cut off; the
        largest as a whole if none is larger.
        """
        may_cut = self._splits_left > 0
        usable = {f_id: size for f_id, size in self._free.items() if may_cut or size <= length}
        if not self._free:
            raise NoPlanError("the process has no free memory frame")
        if not usable:
            raise NoPlanError("the kernel has no room for one more frame")
        f_id = max(usable, key=lambda f_id: (usable[f_id] == length, usable[f_id]))
        if usable[f_id] <= length:
            return f_id, self._free.pop(f_id)
        self._free[f_id] -= length
        self._call(Operation.FRAME_SPLIT, f_id, self._free[f_id])
        self._splits_left -= 1
        self._next_f_id += 1
        return self._next_f_id - 1, length

    # -- tables ------------------------------------------------------------------------

    def _table_for(self, va: int) -> _Table:
        """A visible L2 for ``va``: the one installed there, made visible, or a new one."""
        for table in self._tables:
            if table.va <= va < table.end:
                self._make_visible(table.f_id)
                return table
        return self._new_table(va)

    def _new_table(self, va: int) -> _Table:
        """A new L2 for ``va``: a page viewed read-only, made a table, and installed in the L1."""
        self._make_visible(self._l1.f_id)
        start = self._room_in_l1(va, _TABLES_IN_A_PAGE)
        place = self._place_to_view(PAGE_SIZE)
        f_id, _ = self._take(PAGE_SIZE)
        self._view(f_id, place)
        self._call(Operation.FRAME_TABLE, f_id, TableType.L2)
        self._call(Operation.FRAME_MAP, self._l1.f_id, f_id, start, MapKind.TABLE_L2)
        first = start // SECTION_SIZE
        self._l1_taken[first : first + _TABLES_IN_A_PAGE] = _TAKEN * _TABLES_IN_A_PAGE
        table = _Table(f_id, start, bytearray(_TABLES_IN_A_PAGE * COARSE_ENTRIES))
        table.mark(self._wanted.start, self._wanted.stop, _TAKEN)
        self._tables.append(table)
        self._visible.add(f_id)
        return table

    def _room_in_l1(self, va: int, count: int) -> int:
        """Where (va) to install an L2 of ``count`` coarse tables so that it translates ``va``."""
        span = count * SECTION_SIZE
        own = va & -SECTION_SIZE
        starts: list[int] = [va // span * span, *range(own, own - span, -SECTION_SIZE)]
        for start in starts:
            first = start // SECTION_SIZE
            if 0 <= start <= KERNEL_VA - span and not any(self._l1_taken[first : first + count]):
                return start
        raise NoPlanError(f"{count} neighbouring entries of the L1 are not free there")

    def _make_visible(self, f_id: int) -> None:
        """View a table of the process unless it is visible already.  Errors: NoPlanError."""
        if f_id in self._visible:
            return
        self._check_own_vspace()
        table = self._kernel.frames[f_id]
        if table.is_viewed:
            raise NoPlanError(f"table {f_id} is viewed in a vspace that is not current")
        self._view(f_id, self._place_to_view(table.len))
        self._visible.add(f_id)

    def _place_to_view(self, length: int) -> tuple[_Table, int]:
        """Reserve ``length`` free bytes in a visible L2; return that L2 and the address (va)."""
        pages = length // PAGE_SIZE
        for table in self._own_tables:
            index = table.taken.find(_FREE * pages) if table.f_id in self._visible else -1
            if index >= 0:
                va = table.va + index * PAGE_SIZE
                table.mark(va, va + length, _TAKEN)
                return table, va
        self._check_own_vspace()
        raise NoPlanError("no visible L2 has a free entry")

    def _check_own_vspace(self) -> None:
        """Errors: NoPlanError, on a vspace that another process has lent."""
        owner = self._kernel.frames[self._process.l1].owner
        if owner != self._process.pid:
            raise NoPlanError(f"process {owner} has lent this vspace, and maps in it")

    def _view(self, f_id: int, place: tuple[_Table, int]) -> None:
        """View a frame read-only."""
        table, va = place
        self._call(Operation.FRAME_MAP, table.f_id, f_id, va, MAP_READ | MAP_NOEXEC | MapKind.PAGE)

    def _call(self, operation: Operation, *arguments: int) -> None:
        self.calls.append(planned(operation, *arguments))
