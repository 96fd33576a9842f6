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


class ThreadLocal(NamedTuple):
    """The thread-local variables as they begin: ``size`` bytes, ``data`` first, zeros after.

    align: of their first byte, a power of two.  Source: ELF, PT_TLS.
    """

    size: int
    data: bytes
    align: int

    @property
    def offset(self) -> int:
        """Bytes from the thread pointer to them: its two words, and then up to ``align``.

        Source: ARM IHI 0045, "Addenda to the ABI": Arm's is variant 1 of thread-local storage.
        """
        return max(8, self.align)

    @property
    def room(self) -> int:
        """Bytes of the block at the thread pointer, of ``align`` and at least 8 bytes each."""
        unit = max(8, self.align)
        return (self.offset + self.size + unit - 1) // unit * unit


class Image(NamedTuple):
    """A static program: its segments in order of address, and its entry (bit 0: Thumb).

    is_stack_executable: whether the program executes code on its stack.
    thread_local: what each thread has of its own, or None.
    profile: of the processor that it is built for: A, R, M, S (any), or "" if it does not say.
    """

    segments: tuple[Segment, ...]
    entry: int
    is_stack_executable: bool = False
    thread_local: ThreadLocal | None = None
    profile: str = ""
