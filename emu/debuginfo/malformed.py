"""Debug information that is damaged or of a kind that is not read, which harms nothing.

A program runs whatever its sections, symbols and DWARF look like, so its report must not fail on
them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
Nothing = TypeVar("Nothing")


class NotUnderstoodError(Exception):
    """What the file may well mean, but is not read here: a few words that name it."""


def unless_malformed(read: Callable[[], Found], nothing: Nothing) -> Found | Nothing:
    """What ``read`` finds, or ``nothing`` where what it reads makes no sense.

    A file is read as if it were sound: a damaged one makes that raise anything from KeyError to
    ZeroDivisionError, which cannot be told from other errors by type.  Tests show that sound files
    are read correctly.
    """
    try:
        return read()
    except Exception:
        return nothing


class Doubts:
    """Says, once for each file, that not all of its debug information could be read."""

    def __init__(self, say: Callable[[str], None] | None) -> None:
        """say: called with one line."""
        self._say = say

    def add(self, reason: str) -> None:
        say, self._say = self._say, None
        if say is not None:
            say(f"names and lines are incomplete: {reason}")

    def unless_malformed(self, read: Callable[[], Found], nothing: Nothing) -> Found | Nothing:
        """As the function of this name; and the reason is said."""
        try:
            return read()
        except NotUnderstoodError as unknown:
            self.add(f"{unknown} of its debug information is not understood")
        except Exception:
            self.add("its debug information is damaged")
        return nothing
