"""A program's output, and the outside that it reads from."""

from __future__ import annotations

from collections.abc import Callable

from emu.environment.files import HostFiles
from emu.environment.world import ScriptedWorld


class Console:
    """The standard streams of a machine."""

    def __init__(
        self, world: ScriptedWorld, written: Callable[[], tuple[int, int]] | None = None
    ) -> None:
        """written: how much of each stream's output there is, if not all that was ever written."""
        self._world, self._written = world, written

    @property
    def output(self) -> bytes:
        """All bytes written to standard output, by ``console_write`` and the UART too."""
        return bytes(self._world.stdout[: self._end(0)])

    @property
    def errors(self) -> bytes:
        """All bytes written to standard error, which only semihosting knows."""
        return bytes(self._world.stderr[: self._end(1)])

    def _end(self, stream: int) -> int | None:
        return None if self._written is None else self._written()[stream]

    @property
    def text(self) -> str:
        """``output`` as UTF-8, with invalid bytes replaced."""
        return self.output.decode(errors="replace")

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


class KeptWorld(ScriptedWorld):
    """An outside of given values, whose files may come from a directory instead."""

    def open_directory(self, directory: str | None) -> None:
        """Take files from this directory; None: no files.  Errors: OSError, if there is none."""
        self.files = HostFiles(directory)
