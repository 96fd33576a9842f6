"""What the kernel asks of the machine that it runs on."""

from __future__ import annotations

from array import array
from typing import Protocol


class Host(Protocol):
    """The machine's side of the meeting.  All of these succeed: decisions come before."""

    def console_write(self, data: bytes) -> None:
        """Put ``data`` out on the console."""

    def console_ready(self) -> bool:
        """Whether input is there, or its end, so that nobody has to wait for people."""

    def console_read(self, length: int) -> bytes:
        """Up to ``length`` bytes of input, at least one unless the input has ended."""

    def vspace_changed(self, pid: int, l1: int) -> None:
        """Process ``pid`` now lives in the address space whose L1 is at ``l1`` (pa)."""

    def translation_changed(self, l1: int, va: int, length: int, was_mapped: bool) -> None:
        """Entries for [va, va + length) under the L1 at ``l1`` (pa) changed.

        was_mapped: some of them mapped something, so that a TLB may hold it.
        """

    def descriptors_written(self, pa: int, level: int, old: array[int], new: array[int]) -> None:
        """The entries from ``pa`` on, of a table of this level, went from ``old`` to ``new``."""

    def memory_written(self, pa: int, length: int) -> None:
        """The kernel stored into a frame: code from there may be stale, whoever runs it later."""


class NullHost:
    """A host that does nothing and whose input has ended: for models driven by hand."""

    def console_write(self, data: bytes) -> None:
        """Drop ``data``."""

    def console_ready(self) -> bool:
        return True

    def console_read(self, length: int) -> bytes:  # noqa: ARG002
        return b""

    def vspace_changed(self, pid: int, l1: int) -> None:
        """Nothing is cached here."""

    def translation_changed(self, l1: int, va: int, length: int, was_mapped: bool) -> None:
        """Nothing is cached here."""

    def descriptors_written(self, pa: int, level: int, old: array[int], new: array[int]) -> None:
        """Nobody traces."""

    def memory_written(self, pa: int, length: int) -> None:
        """Nothing is cached here."""
