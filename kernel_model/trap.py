"""The one way into the kernel: calls, faults, the end of a slice, and input.

Each entry comes from a core: it concerns the process that runs there, and edits tables through
that core's window.  Source: docs/kernel.md, "Making a call"; rules 12 to 15.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from kernel_model.abi import NO_ID, Error, ProcState
from kernel_model.call import Call, signed
from kernel_model.calls.console import feed_reader
from kernel_model.calls.faults import fault
from kernel_model.convention import UnknownNumbers
from kernel_model.errors import Refused
from kernel_model.handlers import HANDLERS
from kernel_model.kernel import Kernel
from kernel_model.process import FaultRecord, Process


class Signal(Enum):
    """Entries without a value of their own."""

    SLICE_ENDED = auto()
    """The process on the core has used up its time slice."""
    INPUT = auto()
    """There is input for the first process that waits for the console."""


Entry = Call | FaultRecord | Signal
"""A call (a row of the kernel's table), a fault, or a signal."""

_SLICE_ENDED: Final = Signal.SLICE_ENDED
_DEAD: Final = ProcState.DEAD
"""Looked up once: a member of an enumeration takes longer to look up than a call to make."""


def trap(kernel: Kernel, core: int, what: Entry, words: tuple[int, ...] = ()) -> int | None:
    """Enter the kernel from a core.  words: for a call, r0 to r3 as 32-bit words.

    Returns the result for r0 when the process that made a call continues with it; otherwise None,
    and ``kernel.running`` says which process runs next.  ``kernel.refusal`` says why a call
    failed.
    """
    if core != kernel.core:
        kernel.enter(core)
    if type(what) is Call:
        return _call(kernel, kernel.running[core], what, words)
    if what is _SLICE_ENDED:
        kernel.slice_ended(core)
    elif isinstance(what, FaultRecord):
        fault(kernel, _running(kernel, core), what)
    else:
        feed_reader(kernel)
    return None


def _running(kernel: Kernel, core: int) -> Process:
    process = kernel.running[core]
    if process is None:
        raise AssertionError(f"trap: no process runs on core {core}")
    return process


def _call(
    kernel: Kernel, caller: Process | None, call: Call, registers: tuple[int, ...]
) -> int | None:
    """Make a call as the process ``caller``, which runs on the core."""
    if caller is None:
        raise AssertionError(f"trap: no process runs on core {kernel.core}")
    kernel.refusal = None
    words: Sequence[int] = registers[: len(call.arguments)]
    if call.signed:
        words = [*words]
        for index in call.signed:
            words[index] = signed(words[index])
    if call.order:
        words = [words[index] for index in call.order]
    handler = HANDLERS.get(call.operation)
    try:
        if handler is None:
            return _unknown(kernel, call, registers)
        result = handler(kernel, caller, *words)
    except Refused as refusal:
        kernel.refusal = refusal
        return kernel.convention.result_of(refusal.error)
    if caller.state is not _DEAD:
        caller.calls += 1
        if caller.record != NO_ID:
            kernel.publish(caller)
    return result if kernel.running[kernel.core] is caller else None


def _unknown(kernel: Kernel, call: Call, registers: tuple[int, ...]) -> int:
    """An unknown number.  Errors: NO_CALL, if the convention refuses such numbers."""
    if kernel.convention.unknown is UnknownNumbers.IGNORED:
        return registers[0]
    raise Refused(Error.NO_CALL, "no call has number {number}", number=call.number)
