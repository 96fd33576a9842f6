"""Why a run ends, and what a fault was."""

from __future__ import annotations

from enum import Enum, auto


class Stop(Enum):
    """Why a run ended."""

    REQUESTED = auto()
    """``Engine.stop`` or ``RunControl.request`` was called."""
    COUNT = auto()
    """As many instructions ran as the run was given."""
    FAULT = auto()
    """A memory access failed; the PC is on the instruction, which can be run again."""
    UNDEFINED = auto()
    """The PC is on an undefined instruction."""
    BKPT = auto()
    """The PC is on a BKPT instruction."""
    SEMIHOSTING = auto()
    """The PC is past an instruction, other than an SVC, that asks for semihosting."""
    BREAKPOINT = auto()
    """The PC is on an address given to ``set_breakpoints``, or past the IT block there."""
    WAITING = auto()
    """The core executed WFI; the PC is past it."""


class Abort(Enum):
    """What kind of fault ended a run."""

    REFUSED = auto()
    """The backend refused the access."""
    PREFETCH = auto()
    """The Arm MMU refused a fetch."""
    DATA = auto()
    """The Arm MMU refused a load or store, or an exclusive access was not aligned."""
    EXTERNAL = auto()
    """The physical address has neither RAM nor a device."""
    MISALIGNED_PC = auto()
    """Arm code was entered at an address that is no multiple of 4."""
