"""Standard streams that the command was started without, as by ``<&-`` in a shell."""

from __future__ import annotations

import os
import sys


def occupy_closed_streams() -> None:
    """Keep the numbers 0 to 2 from being given to the next file or pipe that is opened.

    What stands there is open the wrong way round, so that using it still fails as it would on
    a closed stream.  Python has no ``sys.stderr`` then, and would print to standard output.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number else os.O_WRONLY)  # the lowest free number
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for the process's life
