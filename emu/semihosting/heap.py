"""A heap for programs that ask semihosting where theirs is.

newlib's heap begins at the end of the program's data and grows upwards, so the memory after
it must be there.  It is mapped when the program asks, by the program's own calls to the kernel:
what a program that knows the kernel would do itself.
"""

from __future__ import annotations

from kernel_model.abi import KERNEL_VA, MAP_NOEXEC, MAP_READ, MAP_WRITE, FrameType
from kernel_model.calls.checks import is_viewed_by
from kernel_model.frame import Frame
from kernel_model.handlers import carry_out
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_SIZE
from kernel_model.plan import Plan, free_memory
from kernel_model.process import Process

HEAP_SHARE = 32
"""The heap gets all but one part in this many of the largest free frame.

What is left is for the tables that map it, and for what the program asks the kernel itself.
"""

_HEAP_FLAGS = MAP_READ | MAP_WRITE | MAP_NOEXEC


def map_heap(kernel: Kernel, process: Process, sp: int) -> tuple[int, int]:
    """Map a heap after the process's data; return where it begins and ends (va).

    sp: the stack pointer, which tells the stack from the data.  Without memory, or room, the heap
    is empty and still ends where the data does: newlib takes a limit of 0 for none, and would
    use memory that is not there.  Both results are 0 when there is no data.
    """
    start = _data_end(kernel, process, sp - 1)
    if start is None:
        return 0, 0
    size = min(_share(kernel, process), _room(kernel, process, start)) & -PAGE_SIZE
    plan = Plan(kernel, process)
    end = plan.map_range(start, start + size, _HEAP_FLAGS)
    carry_out(kernel, process, plan.calls)
    return start, end


def _views(kernel: Kernel, process: Process) -> list[Frame]:
    frames = [kernel.frames[f_id] for f_id in process.frames]
    return [frame for frame in frames if is_viewed_by(kernel, process, frame)]


def _data_end(kernel: Kernel, process: Process, in_stack: int) -> int | None:
    """Where the highest view of writable memory ends that is not the stack's."""
    ends = []
    for frame in _views(kernel, process):
        va = kernel.view_va(frame)
        is_data = frame.type is FrameType.MEM and frame.v_flags & MAP_WRITE
        if is_data and not va <= in_stack < va + frame.len:
            ends.append(va + frame.len)
    return max(ends, default=None)


def _share(kernel: Kernel, process: Process) -> int:
    """Bytes that the heap may have: a part of the largest free frame."""
    largest = max((frame.len for frame in free_memory(kernel, process)), default=0)
    return largest - largest // HEAP_SHARE


def _room(kernel: Kernel, process: Process, start: int) -> int:
    """Bytes from ``start`` to the next view of the process's, or to the kernel."""
    views = [kernel.view_va(frame) for frame in _views(kernel, process)]
    return min([va for va in views if va >= start] + [KERNEL_VA]) - start
