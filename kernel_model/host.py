"""What the kernel asks of the machine that it runs on, and what it tells it."""

from __future__ import annotations

from typing import Protocol

from kernel_model.events import Event


class Host(Protocol):
    """The machine's side of the meeting.  All of these succeed: decisions come before."""

    def console_write(self, data: bytes) -> None:
        """Put ``data`` out on the console."""

    def console_ready(self) -> bool:
        """Whether input is there, or its end, so that nobody has to wait for people."""

    def console_read(self, length: int) -> bytes:
        """Up to ``length`` bytes of input, at least one unless the input has ended."""

    def happened(self, event: Event) -> None:
        """This has just happened.

        Of ``VspaceChanged``, ``TranslationChanged`` and ``MemoryWritten`` the machine must forget
        what it keeps of translations and of code before the call returns.
        """


class NullHost:
    """A host that does nothing and whose input has ended: for models driven by hand."""

    def console_write(self, data: bytes) -> None:
        """Drop ``data``."""

    def console_ready(self) -> bool:
        return True

    def console_read(self, length: int) -> bytes:  # noqa: ARG002
        return b""

    def happened(self, event: Event) -> None:
        """Nothing is kept here."""
