"""The one way into the kernel: calls, faults, the end of a slice, and input.

Each entry comes from a core: it concerns the process that runs there, and edits tables through
that core's window.  Source: docs/kernel.md, "Making a call"; rules 12 to 15.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from kernel_model.abi import NO_ID, Error, ProcState
from kernel_model.call import CallRow
from kernel_model.calls.console import feed_reader
from kernel_model.calls.faults import fault
from kernel_model.charges import REFUSED
from kernel_model.convention import UnknownNumbers
from kernel_model.errors import Refused
from kernel_model.handlers import HANDLERS
from kernel_model.kernel import Kernel, Prepared
from kernel_model.operations import Operation
from kernel_model.process import FaultRecord, Process


class Signal(Enum):
    """Entries without a value of their own."""

    SLICE_ENDED = auto()
    """The process on the core has used up its time slice."""
    INPUT = auto()
    """There is input for the first process that waits for the console."""


Entry = CallRow | FaultRecord | Signal
"""A call (a row of the kernel's table), a fault, or a signal."""

_SLICE_ENDED: Final = Signal.SLICE_ENDED
_INPUT: Final = Signal.INPUT
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
    kernel.work = 0
    caller = kernel.running[core]
    if type(what) is not CallRow:
        _take(kernel, caller, what)
        return None
    if caller is None:
        raise AssertionError(f"trap: no process runs on core {core}")
    kernel.refusal = None
    try:
        handler, count, signed_at, order = kernel.prepared[what.number]
    except KeyError:
        if what.operation is Operation.NONE:
            return _unknown(kernel, what.number, words)
        handler, count, signed_at, order = _prepare(kernel, what)
    parameters: Sequence[int] = words[:count]
    if signed_at:
        parameters = [*parameters]
        for index in signed_at:
            if parameters[index] >> 31:
                parameters[index] -= 1 << 32
    if order:
        parameters = [parameters[index] for index in order]
    try:
        result = handler(kernel, caller, *parameters)
    except Refused as refusal:
        kernel.refusal = refusal
        kernel.work += REFUSED
        return kernel.convention.result_of(refusal.error)
    if caller.state is not _DEAD:
        caller.calls += 1
        if caller.record != NO_ID:
            kernel.publish(caller)
    return result if kernel.running[core] is caller else None


def _take(kernel: Kernel, process: Process | None, what: Entry) -> None:
    """Take an entry that is no call.  process: the one that runs on the core, if any."""
    if what is _SLICE_ENDED:
        kernel.slice_ended(kernel.core)
    elif what is _INPUT:
        feed_reader(kernel)
    else:
        assert isinstance(what, FaultRecord)
        if process is None:
            raise AssertionError(f"trap: no process runs on core {kernel.core}")
        fault(kernel, process, what)


def _prepare(kernel: Kernel, call: CallRow) -> Prepared:
    """The handler and arguments of a call, which the kernel keeps."""
    prepared = HANDLERS[call.operation], len(call.arguments), call.signed, call.order
    kernel.prepared[call.number] = prepared
    return prepared


def _unknown(kernel: Kernel, number: int, words: tuple[int, ...]) -> int:
    """A number that is no call: NO_CALL, or nothing at all, as the convention says."""
    if kernel.convention.unknown is UnknownNumbers.IGNORED:
        return words[0]
    kernel.work += REFUSED
    kernel.refusal = Refused(Error.NO_CALL, "no call has number {number}", number=number)
    return kernel.convention.result_of(Error.NO_CALL)
