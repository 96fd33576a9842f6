"""A heap for programs that ask semihosting where theirs is.

newlib's heap begins at the end of the program's data and grows upwards, so the memory behind
it must be there.  It is mapped when the program asks, by the program's own calls to the kernel:
what a program that knows the kernel would do itself.
"""

from __future__ import annotations

from kernel_model.abi import (
    KERNEL_VA,
    MAP_NOEXEC,
    MAP_READ,
    MAP_WRITE,
    Error,
    FrameType,
    MapKind,
    TableType,
)
from kernel_model.boot import L2_PAGE_SPAN
from kernel_model.calls.checks import is_viewed_by
from kernel_model.errors import Refused
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_SIZE
from kernel_model.process import Process
from kernel_model.syscalls import CALLS

HEAP_SHARE = 4
"""The heap gets all but one part in this many of the largest free frame."""

_READ_ONLY = MAP_READ | MAP_NOEXEC


def map_heap(kernel: Kernel, process: Process, sp: int) -> tuple[int, int]:
    """Map a heap behind the process's data; return where it begins and ends (va).

    sp: the stack pointer, which tells the stack from the data.  Without memory, or room, the heap
    is empty and still ends where the data does: newlib takes a limit of 0 for none, and would
    use memory that is not there.  Both results are 0 when there is no data.
    """
    start = _data_end(kernel, process, sp - 1)
    free = _largest_free(kernel, process)
    if start is None:
        return 0, 0
    if free is None or not kernel.frames[process.l1].is_viewed:
        return start, start
    share = free.len - free.len // HEAP_SHARE
    size = min(share, _room(kernel, process, start)) // PAGE_SIZE * PAGE_SIZE
    return start, _Mapper(kernel, process, free).extend(start, start + size)


def _views(kernel: Kernel, process: Process) -> list[Frame]:
    frames = [kernel.frames[f_id] for f_id in process.frames]
    return [frame for frame in frames if is_viewed_by(kernel, process, frame)]


def _data_end(kernel: Kernel, process: Process, in_stack: int) -> int | None:
    """Where the highest writable view ends that is not the stack's."""
    ends = []
    for frame in _views(kernel, process):
        va = kernel.view_va(frame)
        if frame.v_flags & MAP_WRITE and not va <= in_stack < va + frame.len:
            ends.append(va + frame.len)
    return max(ends, default=None)


def _largest_free(kernel: Kernel, process: Process) -> Frame | None:
    free = [
        frame
        for frame in map(kernel.frames.__getitem__, process.frames)
        if frame.type is FrameType.MEM and not frame.is_viewed and not frame.is_table
    ]
    return max(free, key=lambda frame: frame.len, default=None)


def _room(kernel: Kernel, process: Process, start: int) -> int:
    """Bytes from ``start`` to the next view of the process's, or to the kernel."""
    views = [kernel.view_va(frame) for frame in _views(kernel, process)]
    return min([va for va in views if va >= start] + [KERNEL_VA]) - start


class _Mapper:
    """Takes pages off one free frame and maps them, a piece for each L2."""

    def __init__(self, kernel: Kernel, process: Process, free: Frame) -> None:
        self.kernel, self.process, self.free = kernel, process, free

    def call(self, name: str, *arguments: int) -> int:
        """One of the process's own calls.  Errors: Refused."""
        return CALLS.named(name).handler(self.kernel, self.process, *arguments)

    def extend(self, start: int, end: int) -> int:
        """Map fresh memory over [start, end); return how far it got."""
        va = start
        while va < end:
            try:
                va = self._extend_in_table(va, end)
            except Refused:
                break
        return va

    def _extend_in_table(self, va: int, end: int) -> int:
        table = self._table_over(va)
        limit = table.t_va + table.len // PAGE_SIZE * L2_PAGE_SPAN
        piece = min(end, limit) - va
        flags = MAP_READ | MAP_WRITE | MAP_NOEXEC | MapKind.PAGE
        self.call("frame_map", table.f_id, self._take(piece), va, flags)
        return va + piece

    def _take(self, length: int) -> int:
        """Cut ``length`` bytes off the free frame's low end; the rest stays the free frame."""
        if length >= self.free.len:
            raise Refused(Error.OUT_OF_RANGE)
        taken = self.free.f_id
        rest = self.call("frame_split", taken, length)
        self.free = self.kernel.frames[rest]
        return taken

    def _table_over(self, va: int) -> Frame:
        """The L2 that spans ``va``: one that hangs there, or a new one."""
        found = self._hung_over(va)
        return self._new_table(va // L2_PAGE_SPAN * L2_PAGE_SPAN) if found is None else found

    def _hung_over(self, va: int) -> Frame | None:
        for f_id in self.kernel.frames[self.process.l1].hung:
            table = self.kernel.frames[f_id]
            if table.t_va <= va < table.t_va + table.len // PAGE_SIZE * L2_PAGE_SPAN:
                return table
        return None

    def _new_table(self, va: int) -> Frame:
        """Make an L2 of a free page, viewed read-only beside the other tables, and hang it."""
        frame = self._take(PAGE_SIZE)
        beside = self.kernel.frames[self.kernel.frames[self.process.l1].v_id]
        place = beside.t_va + _first_gap(self.kernel, beside)
        self.call("frame_map", beside.f_id, frame, place, _READ_ONLY | MapKind.PAGE)
        self.call("frame_table", frame, TableType.L2)
        self.call("frame_map", self.process.l1, frame, va, MapKind.TABLE_L2)
        return self.kernel.frames[frame]


def _first_gap(kernel: Kernel, table: Frame) -> int:
    """Offset of the first unmapped page behind those at an L2's start."""
    words = kernel.memory.read_words(table.pa, table.len // 4)
    return next(index for index, word in enumerate(words) if not word) * PAGE_SIZE
