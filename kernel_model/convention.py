"""A convention: how programs speak to the kernel, as a value.

The kernel is given one at boot and answers in it.  Nothing else knows a call by its number or its
name.  Source: docs/kernel.md, "Calling convention" and "Conventions".
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from kernel_model.abi import Error
from kernel_model.call import CallTable


class ErrorResults(Enum):
    """How a program is told which rule its call broke."""

    NAMED = auto()
    """Each error is a result of its own, its number in ``kernel_model.abi.Error``."""
    PLAIN = auto()
    """Every error is -1."""


class UnknownNumbers(Enum):
    """What happens to a number in r12 that is no call."""

    REFUSED = auto()
    """It is an error, NO_CALL."""
    IGNORED = auto()
    """Nothing happens, and r0 stays as it is."""


class Convention(NamedTuple):
    """A table of calls, how errors are told, and what happens to unknown numbers."""

    calls: CallTable
    errors: ErrorResults = ErrorResults.NAMED
    unknown: UnknownNumbers = UnknownNumbers.REFUSED

    def result_of(self, error: Error) -> int:
        """What goes to r0 of a call that was refused with this error."""
        return int(error) if self.errors is ErrorResults.NAMED else int(Error.ERR)


def as_convention(given: Convention | CallTable) -> Convention:
    """A convention; a table alone stands for one that tells errors by name."""
    return given if isinstance(given, Convention) else Convention(given)
