"""Calls that write to the console and read from it."""

from __future__ import annotations

from kernel_model.abi import ProcState
from kernel_model.delivery import answered
from kernel_model.descriptors import READ, WRITE
from kernel_model.kernel import Kernel
from kernel_model.process import Process
from kernel_model.user import check_range, store, writable

_PIECE = 64 << 10
"""Bytes that are copied at once, so that no call needs host memory in proportion to a frame."""


def console_write(kernel: Kernel, caller: Process, pointer: int, length: int) -> int:
    """Write ``length`` bytes; returns how many.  Errors: BAD_POINTER.

    Source: docs/kernel.md, ``console_write``.
    """
    for pa, part in check_range(kernel, caller, pointer, length, READ):
        for at in range(pa, pa + part, _PIECE):
            piece = kernel.memory.read(at, min(_PIECE, pa + part - at))
            kernel.host.console_write(piece)
    return length


def console_read(kernel: Kernel, caller: Process, pointer: int, length: int) -> int:
    """Read up to ``length`` bytes; returns how many, 0 at the end of input.

    Blocks the caller alone until there is input.
    Errors: BAD_POINTER.  Source: docs/kernel.md, ``console_read``.
    """
    ranges = check_range(kernel, caller, pointer, length, WRITE)
    if not length:
        return 0
    if kernel.readers or not kernel.host.console_ready():
        caller.state, caller.buffer, caller.wanted = ProcState.READING, pointer, length
        kernel.readers[caller.pid] = None
        kernel.release(caller)
        return 0
    data = kernel.host.console_read(length)
    store(kernel, ranges, data)
    return len(data)


def feed_reader(kernel: Kernel) -> None:
    """Give input to the first process that waits for the console; the host may block for it.

    Called between turns, when there is input or when no process is ready.
    If the process can no longer write its buffer, its call fails with BAD_POINTER.
    """
    process = kernel.processes[next(iter(kernel.readers))]
    ranges = writable(kernel, process, process.buffer, process.wanted)
    length = 0
    if ranges is not None:
        data = kernel.host.console_read(process.wanted)
        store(kernel, ranges, data)
        length = len(data)
    del kernel.readers[process.pid]
    kernel.wake(process, answered(kernel, ranges, length))
    kernel.publish(process)
