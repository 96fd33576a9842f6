"""How a run ended, or why it paused."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from emu import status
from kernel_model.process import Ending, Exited, Faulted


class How(Enum):
    """How a run came to its end.  The first three are the machine's: it cannot go on."""

    EXITED = auto()
    FAULTED = auto()
    DEADLOCK = auto()
    MAX_INSNS = auto()
    MAX_OUTPUT = auto()
    """One byte more was to be written than may be."""
    TIMEOUT = auto()
    CTRL_C = auto()
    TERMINATED = auto()
    INTERRUPTED = auto()
    """``Machine.interrupt`` was called."""
    COUNT = auto()
    """As many instructions ran as were asked for."""
    ADDRESS = auto()
    """The PC is at an address that was asked for."""
    PAUSED = auto()
    """``Machine.pause`` was called."""


_STATUS = {
    How.DEADLOCK: status.DEADLOCK,
    How.FAULTED: status.FAULT,
    How.MAX_INSNS: status.LIMIT,
    How.MAX_OUTPUT: status.LIMIT,
    How.TIMEOUT: status.LIMIT,
    How.CTRL_C: status.INTERRUPTED,
    How.TERMINATED: status.TERMINATED,
    How.INTERRUPTED: status.INTERRUPTED,
}


class Outcome(NamedTuple):
    """A run's end: how, and the exit status that the command gives for it."""

    how: How
    status: int = 0

    @property
    def is_final(self) -> bool:
        """Whether the machine has ended, so that it cannot run on."""
        return self.how in (How.EXITED, How.FAULTED, How.DEADLOCK)


def outcome(how: How) -> Outcome:
    """The outcome of a run that ended so, other than by exit."""
    return Outcome(how, _STATUS.get(how, 0))


def outcome_of(halted: Ending | None) -> Outcome:
    """The outcome of a run with nobody left to run: of how proc0 ended, if it has."""
    if halted is None:
        return outcome(How.DEADLOCK)
    if isinstance(halted, Faulted):
        return outcome(How.FAULTED)
    assert isinstance(halted, Exited)
    return Outcome(How.EXITED, halted.status & 0xFF)
