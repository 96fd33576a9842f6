"""Calls of the kernel as text: with the names of their arguments, as C programs write them."""

from __future__ import annotations

from emu.decoding.arguments import Decoder
from emu.machine.history import BOOT, FAULT, SEMIHOSTING, KernelEntry
from kernel_model.call import CallRow
from kernel_model.kernel import Kernel
from kernel_model.plan import PlannedCall
from kernel_model.process import Process


def planned_text(kernel: Kernel, process: Process, planned: PlannedCall) -> str:
    """A call to make, as a line of C would have it, with names for its arguments."""
    call = kernel.calls.of(planned.operation)
    if call is None:
        return f"{planned.operation.value}, which this convention has no call for"
    return call_text(kernel, process, call, call.registers(planned.arguments))


def call_text(kernel: Kernel, process: Process, call: CallRow, words: tuple[int, ...]) -> str:
    """A call with its arguments decoded, e.g. ``frame_unmap(f_id=9, F_MAP_PAGE)``."""
    if call not in kernel.calls:
        return f"call number {call.number}"
    values = Decoder(kernel, process).values(call.arguments, words)
    shown = (value.text if value.is_plain else f"{value.name}={value.text}" for value in values)
    return f"{call.name}({', '.join(shown)})"


def entry_text(kernel: Kernel, process: Process, entry: KernelEntry) -> str:
    """Who did it and what, e.g. ``process 0's call 33, frame_unmap(f_id=9, F_MAP_PAGE)``."""
    number, pid, call, words = entry
    if call == BOOT:
        return "the boot"
    if call == FAULT:
        return f"the end of process {pid}, which faulted after call {number}"
    if call == SEMIHOSTING:
        return f"process {pid}'s semihosting after call {number}"
    return f"process {pid}'s call {number}, {call_text(kernel, process, call, words)}"
