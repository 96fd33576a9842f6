"""Why a machine stands, in the protocol's words."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from emu.machine.fault import MachineFault, kind_of
from kernel_model.abi import FaultKind
from kernel_model.walk import FaultStatus


class Signal(IntEnum):
    """The protocol's numbers.  Source: gdb, include/gdb/signals.def."""

    NONE = 0
    INT = 2
    ILL = 4
    TRAP = 5
    BUS = 10
    SEGV = 11


OF_FAULT: Final = {
    FaultKind.MEMORY_ACCESS: Signal.SEGV,
    FaultKind.UNDEFINED_INSTRUCTION: Signal.ILL,
    FaultKind.BREAKPOINT_INSTRUCTION: Signal.TRAP,
}

BEGIN: Final = "replaylog:begin;"
END: Final = "replaylog:end;"
"""The reasons where a run is not known further.  Source: "Debugging with GDB", E.3."""

CALLED: Final = "syscall_entry:"
RETURNED: Final = "syscall_return:"
"""The reasons at a call that is caught, up to its number."""


class Stopped(NamedTuple):
    """Why the machine stands.  pid: of the process that stopped.

    exit: its status, if it has ended.  why: one of the protocol's stop reasons, or "".
    text: a line for the user about a reason that the protocol does not have, or "".
    left: where a thread has ended, its inferior, which lives on; else None.
    """

    pid: int
    signal: Signal = Signal.TRAP
    exit: int | None = None
    killed: bool = False
    why: str = ""
    text: str = ""
    left: int | None = None


def signal_of(fault: MachineFault) -> Signal:
    """The signal by which the debugger is told of a fault, as Linux has them."""
    if fault.status is FaultStatus.ALIGNMENT:
        return Signal.BUS
    return OF_FAULT[kind_of(fault)]
