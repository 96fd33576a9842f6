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

    pyelftools trusts a file: over a damaged one it fails in whatever way Python fails there, from
    KeyError to ZeroDivisionError, and so there is no telling those errors from others by their
    kind.  That sound files are read rightly is for the tests to show.
    """
    try:
        return read()
    except Exception:
        return nothing
