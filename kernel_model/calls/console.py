"""Calls that write to the console and read from it."""

from __future__ import annotations

from kernel_model.abi import ProcState
from kernel_model.delivery import answered
from kernel_model.descriptors import WRITE
from kernel_model.kernel import Kernel
from kernel_model.process import Process
from kernel_model.user import check_range, read, store, writable


def console_write(kernel: Kernel, caller: Process, pointer: int, length: int) -> int:
    """Write ``length`` bytes; returns how many.  Errors: BAD_POINTER.  Source: spec, calls."""
    kernel.host.console_write(read(kernel, caller, pointer, length))
    return length


def console_read(kernel: Kernel, caller: Process, pointer: int, length: int) -> int:
    """Read up to ``length`` bytes; returns how many, 0 at the end of input.

    Blocks until there are some, while others go on.
    Errors: BAD_POINTER.  Source: spec, calls; rule 12.
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
    """Let the first that waits for the console have its input, for which the host may wait.

    Between turns: when input is there, and when nobody is ready.
    If there is no place for it any more where that process wanted it, its call fails instead.
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
