"""Damaged debug information, which names nothing and harms nothing.

A program runs whatever its sections, symbols and DWARF look like, so its report must not fail on
them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
Nothing = TypeVar("Nothing")


def unless_malformed(read: Callable[[], Found], nothing: Nothing) -> Found | Nothing:
    """What ``read`` finds, or ``nothing`` where what it reads makes no sense.

    pyelftools trusts a file: a damaged one makes it raise anything from KeyError to
    ZeroDivisionError, which cannot be told from other errors by type.  Tests show that sound files
    are read correctly.
    """
    try:
        return read()
    except Exception:
        return nothing
