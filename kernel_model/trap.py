"""The one way into the kernel: calls, faults, the end of a slice, and input.

Each entry comes from a core, whose process it concerns and whose window it edits tables through.
Source: docs/kernel.md, "Calling convention"; rules 12 to 15.
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
    """Entries that say nothing but that they are."""

    SLICE_ENDED = auto()
    """The process that runs on the core has used its time."""
    INPUT = auto()
    """The first process that waits for the console shall have its input."""


Entry = Call | FaultRecord | Signal
"""A call (a row of the kernel's table), a fault, or a signal."""

_SLICE_ENDED: Final = Signal.SLICE_ENDED
_DEAD: Final = ProcState.DEAD
"""At hand for each entry: to look a member up in its enumeration takes longer than a call."""


def trap(kernel: Kernel, core: int, what: Entry, words: tuple[int, ...] = ()) -> int | None:
    """Enter the kernel from a core.  words: r0 to r3 as 32-bit words, of a call.

    Returns what goes to r0, where the process that made a call goes on with a result; None where
    ``kernel.running`` says which process runs next.  ``kernel.refusal`` tells why a call failed.
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
    """Make a call as the process that runs."""
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
    """A number that is no call.  Errors: NO_CALL, where the convention refuses such numbers."""
    if kernel.convention.unknown is UnknownNumbers.IGNORED:
        return registers[0]
    raise Refused(Error.NO_CALL, "no call has number {number}", number=call.number)
