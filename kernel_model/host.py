"""The interface between the kernel and its machine: the console, and events."""

from __future__ import annotations

from typing import Protocol

from kernel_model.events import Event


class Host(Protocol):
    """The machine, as the kernel uses it.  All of these succeed."""

    def console_write(self, data: bytes) -> None:
        """Write ``data`` to the console."""

    def console_ready(self) -> bool:
        """Whether input counts as there: some is, it has ended, or no person types it."""

    def console_read(self, length: int) -> bytes:
        """Read 1 to ``length`` bytes of input; no bytes when the input has ended.  May block."""

    def happened(self, event: Event) -> None:
        """Receive an event, right after it happened.

        After ``VspaceChanged``, ``TranslationChanged`` and ``MemoryWritten`` the machine must drop
        stale translations and stale code before the call returns.
        """

    def memory_written(self, pa: int, length: int) -> None:
        """The same as ``happened(MemoryWritten(pa, length))``, of which there are many."""


class NullHost:
    """A host that ignores all output and events, and whose input has ended."""

    def console_write(self, data: bytes) -> None:
        """Ignore ``data``."""

    def console_ready(self) -> bool:
        return True

    def console_read(self, length: int) -> bytes:  # noqa: ARG002
        return b""

    def happened(self, event: Event) -> None:
        """Ignore the event."""

    def memory_written(self, pa: int, length: int) -> None:
        """Ignore the event."""
