"""A convention: how programs speak to the kernel, as a value.

The kernel is given one at boot.  Nothing else knows a call by its number or its name.
Source: docs/kernel.md, "Making a call" and "Conventions".
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from kernel_model.abi import Error
from kernel_model.call import CallTable


class ErrorResults(Enum):
    """How an error is returned to a program."""

    NAMED = auto()
    """Each error is returned as its own number, from ``kernel_model.abi.Error``."""
    PLAIN = auto()
    """Every error is -1."""


class UnknownNumbers(Enum):
    """What the kernel does when r12 holds no call's number."""

    REFUSED = auto()
    """It returns NO_CALL."""
    IGNORED = auto()
    """It does nothing and leaves r0 as it is."""


class Convention(NamedTuple):
    """A table of calls, how errors are returned, and what happens to unknown numbers."""

    calls: CallTable
    errors: ErrorResults = ErrorResults.NAMED
    unknown: UnknownNumbers = UnknownNumbers.REFUSED

    def result_of(self, error: Error) -> int:
        """The value in r0 after a call was refused with this error."""
        return int(error) if self.errors is ErrorResults.NAMED else int(Error.ERR)


def as_convention(given: Convention | CallTable) -> Convention:
    """``given`` as a convention; a table alone gets named errors and refuses unknown numbers."""
    return given if isinstance(given, Convention) else Convention(given)
