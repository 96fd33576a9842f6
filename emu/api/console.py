"""What a program has written, and the outside that it reads from."""

from __future__ import annotations

from emu.environment.files import HostFiles
from emu.environment.world import ScriptedWorld


class Console:
    """The standard streams of a machine."""

    def __init__(self, world: ScriptedWorld) -> None:
        self._world = world

    @property
    def output(self) -> bytes:
        """All that has gone to standard output, by ``console_write`` or the UART too."""
        return bytes(self._world.stdout)

    @property
    def errors(self) -> bytes:
        """All that has gone to standard error, which only semihosting knows."""
        return bytes(self._world.stderr)

    @property
    def text(self) -> str:
        """``output`` as UTF-8, with what is none replaced."""
        return self.output.decode(errors="replace")

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


class KeptWorld(ScriptedWorld):
    """An outside of given values, whose files may come from a directory instead."""

    def open_directory(self, directory: str | None) -> None:
        """None: no files at all.  Errors: OSError, where there is no such directory."""
        self.files = HostFiles(directory)
