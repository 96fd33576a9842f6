"""Access to a process's memory with the process's own rights: rule 13."""

from __future__ import annotations

from kernel_model.abi import Error
from kernel_model.charges import PAGE
from kernel_model.descriptors import READ, WRITE, rights_text
from kernel_model.errors import Refused
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_OFFSET, PAGE_SIZE
from kernel_model.process import Process
from kernel_model.walk import reached

Ranges = list[tuple[int, int]]
"""The physical ranges (pa, length) that a virtual range maps to, in order, adjacent ones joined."""


def check_range(kernel: Kernel, process: Process, va: int, length: int, access: int) -> Ranges:
    """The physical ranges of ``length`` bytes at ``va``, all of which the process may access.

    access: READ or WRITE, checked with user rights.  All bytes must be RAM.
    Errors: BAD_POINTER.
    A range cannot wrap around the address space, because the kernel's part ends it.
    """
    ranges: Ranges = []
    ttbr0, end = kernel.frames[process.l1].pa, va + length
    if 0 < length <= PAGE_SIZE - (va & PAGE_OFFSET):  # as messages and most others are
        pa = reached(kernel.memory, ttbr0, va, access)
        if not kernel.memory.contains(pa, length):
            raise _bad_pointer(process, va, access)
        return [(pa, length)]
    while va < end:
        pa = reached(kernel.memory, ttbr0, va, access)
        part = min(end - va, PAGE_SIZE - (va & PAGE_OFFSET))
        if not kernel.memory.contains(pa, part):
            raise _bad_pointer(process, va, access)
        kernel.work += PAGE
        if ranges and sum(ranges[-1]) == pa:
            ranges[-1] = ranges[-1][0], ranges[-1][1] + part
        else:
            ranges.append((pa, part))
        va += part
    return ranges


def _bad_pointer(process: Process, va: int, access: int) -> Refused:
    return Refused(
        Error.BAD_POINTER, "process {pid} cannot access {va:#x} as {rights}",
        pid=process.pid, va=va, rights=rights_text(access),
    )  # fmt: skip


def writable(kernel: Kernel, process: Process, va: int, length: int) -> Ranges | None:
    """The physical ranges of ``length`` bytes at ``va`` if the process may write them, or None."""
    try:
        return check_range(kernel, process, va, length, WRITE)
    except Refused:
        return None


def read(kernel: Kernel, process: Process, va: int, length: int) -> bytes:
    """Read from the process's memory.  Errors: BAD_POINTER."""
    ranges = check_range(kernel, process, va, length, READ)
    if len(ranges) == 1:
        return kernel.memory.read(*ranges[0])
    return b"".join(kernel.memory.read(pa, part) for pa, part in ranges)


def store(kernel: Kernel, ranges: Ranges, data: bytes) -> None:
    """Store ``data`` at ranges that ``check_range`` returned; ``data`` may be shorter."""
    length = len(data)
    if len(ranges) == 1 and 0 < length <= ranges[0][1]:  # as messages do
        pa = ranges[0][0]
        kernel.memory.write(pa, data)
        kernel.tell_written(pa, length)
        return
    for pa, part in ranges:
        if not data:
            return
        kernel.memory.write(pa, data[:part])
        kernel.tell_written(pa, min(part, len(data)))
        data = data[part:]


def write(kernel: Kernel, process: Process, va: int, data: bytes) -> None:
    """Write to the process's memory.  Errors: BAD_POINTER."""
    store(kernel, check_range(kernel, process, va, len(data), WRITE), data)
