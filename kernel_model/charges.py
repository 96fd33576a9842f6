"""What calls are charged to their caller's turn, in instructions: rule 16.

A machine adds the charge of each call to the instructions that its caller has executed in its turn.
The numbers are what the work takes on an ordinary host, in instructions that the host executes in
the same time; they are fixed, so a run is the same on every host.
"""

from __future__ import annotations

from typing import Final

from kernel_model.memory import PAGE_SIZE

CALL: Final = 1_000
"""Every call, whether it succeeds or not."""

REFUSED: Final = 2_000
"""A call that is refused, besides."""

PAGE: Final = 1_000
"""Each page that it clears, copies or walks to, each frame that it moves."""

ENTRY: Final = 100
"""Each entry of a table that it writes or looks at, each frame that it passes in a list."""


def pages(length: int) -> int:
    """The charge for ``length`` bytes: for each page that has been begun."""
    return -(-length // PAGE_SIZE) * PAGE
