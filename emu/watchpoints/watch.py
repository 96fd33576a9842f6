"""What is watched, and an access to it, as values."""

from __future__ import annotations

from typing import Final, NamedTuple

PHYSICAL: Final = -1
"""In place of a pid: the address is physical, and any process may reach it, through any view."""

Span = tuple[int, int]
"""First address, and the one after the last."""


class Watch(NamedTuple):
    """What is watched.  access: READ, WRITE or both.  length: bytes.

    address: virtual where there is a pid, else physical.
    pid: the process in whose address space it is, or ``PHYSICAL``.
    """

    access: int
    address: int
    length: int
    pid: int = PHYSICAL

    def reaches(self, start: int, size: int) -> bool:
        """Whether [start, start + size) has any of it."""
        return start < self.address + self.length and self.address < start + size


class Hit(NamedTuple):
    """An access to something watched, of which nothing has been done.

    value: what it would load or store.
    """

    watch: Watch
    pid: int
    pc: int
    is_write: bool
    va: int
    pa: int
    size: int
    value: int
