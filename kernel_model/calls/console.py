"""Calls that write to the console and read from it."""

from __future__ import annotations

from kernel_model.descriptors import WRITE
from kernel_model.kernel import Kernel
from kernel_model.process import Process
from kernel_model.user import check_range, read, store


def console_write(kernel: Kernel, caller: Process, pointer: int, length: int) -> int:
    """Write ``length`` bytes; returns how many.  Errors: BAD_POINTER.  Source: spec, calls."""
    kernel.host.console_write(read(kernel, caller, pointer, length))
    return length


def console_read(kernel: Kernel, caller: Process, pointer: int, length: int) -> int:
    """Read up to ``length`` bytes; returns how many, 0 at the end of input.

    Errors: BAD_POINTER.  Source: spec, calls.
    """
    ranges = check_range(kernel, caller, pointer, length, WRITE)
    data = kernel.host.console_read(length) if length else b""
    store(kernel, ranges, data)
    return len(data)
