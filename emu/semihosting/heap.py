"""The heap of programs that ask semihosting for its place.

newlib's heap begins at the end of the program's data and grows upwards, so the memory after the
data must be mapped.  It is mapped when the program asks, by the calls to the kernel that a program
which knows the kernel would make itself.
"""

from __future__ import annotations

from kernel_model.abi import KERNEL_VA, MAP_NOEXEC, MAP_READ, MAP_WRITE, NO_ID, FrameType
from kernel_model.frame import Frame
from kernel_model.handlers import carry_out
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_SIZE
from kernel_model.plan import Plan, free_memory, tables_in
from kernel_model.process import Process

HEAP_SHARE = 32
"""The heap gets the largest free frame except for one part in this many.

The rest is for the tables that map the heap, and for the program's own calls.
"""

_HEAP_FLAGS = MAP_READ | MAP_WRITE | MAP_NOEXEC


def map_heap(kernel: Kernel, process: Process, sp: int) -> tuple[int, int]:
    """Map a heap after the process's data; return where it begins and ends (va).

    sp: the stack pointer, which tells the stack from the data.  Without memory, or room, the heap
    is empty and ends where the data does: newlib takes a limit of 0 for no limit, and would use
    memory that is not mapped.  Both results are 0 when there is no data.

    On a lent vspace nothing is mapped, for that is its owner's to do: what is mapped behind the
    data, which may be the owner's heap, is all there is.
    """
    if process.l1 != NO_ID and kernel.frames[process.l1].owner != process.pid:
        end = _first_end(kernel, process, sp - 1)
        return end, end
    start = _data_end(kernel, process, sp - 1)
    if start is None:
        return 0, 0
    size = min(_share(kernel, process), _room(kernel, process, start)) & -PAGE_SIZE
    plan = Plan(kernel, process)
    end = plan.map_range(start, start + size, _HEAP_FLAGS)
    carry_out(kernel, process, plan.calls)
    return start, end


def _views(kernel: Kernel, process: Process) -> list[Frame]:
    """The frames that the process's vspace shows, whoever owns them: it may be lent."""
    if process.l1 == NO_ID:
        return []
    l1 = kernel.frames[process.l1]
    tables = [l1, *tables_in(kernel, l1)]
    return [kernel.frames[f_id] for table in tables for f_id in table.views]


def _data(kernel: Kernel, process: Process, in_stack: int) -> list[tuple[int, int]]:
    """Start and end (va) of the views of writable memory other than the stack, in order."""
    found = []
    for frame in _views(kernel, process):
        va = kernel.view_va(frame)
        is_data = frame.type is FrameType.MEM and frame.v_flags & MAP_WRITE
        if is_data and not va <= in_stack < va + frame.len:
            found.append((va, va + frame.len))
    return sorted(found)


def _data_end(kernel: Kernel, process: Process, in_stack: int) -> int | None:
    """The end (va) of the highest view of data."""
    return max((end for _, end in _data(kernel, process, in_stack)), default=None)


def _first_end(kernel: Kernel, process: Process, in_stack: int) -> int:
    """The end (va) of the lowest data, and of what follows it without a gap; 0 without data.

    Higher up are the stacks of others that run on the same vspace.
    """
    last = 0
    for start, end in _data(kernel, process, in_stack):
        if last not in (0, start):
            break
        last = end
    return last


def _share(kernel: Kernel, process: Process) -> int:
    """The bytes that the heap may have: a part of the largest free frame."""
    largest = max((frame.len for frame in free_memory(kernel, process)), default=0)
    return largest - largest // HEAP_SHARE


def _room(kernel: Kernel, process: Process, start: int) -> int:
    """The bytes from ``start`` to the process's next view, or to the kernel."""
    views = [kernel.view_va(frame) for frame in _views(kernel, process)]
    return min([va for va in views if va >= start] + [KERNEL_VA]) - start
