"""A program as the kernel loads it: segments at virtual addresses."""

from __future__ import annotations

from typing import NamedTuple


class Segment(NamedTuple):
    """``size`` bytes at ``va``: ``data`` first, zeros after.  ``rights``: READ, WRITE, EXEC."""

    va: int
    size: int
    data: bytes
    rights: int

    @property
    def end(self) -> int:
        return self.va + self.size


class Image(NamedTuple):
    """A static program: its segments in order of address, and its entry (bit 0: Thumb).

    is_stack_executable: whether the program executes code on its stack.
    """

    segments: tuple[Segment, ...]
    entry: int
    is_stack_executable: bool = False
