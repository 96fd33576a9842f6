"""Worlds: the one door through which the outside of a run answers, and the real outside."""

from __future__ import annotations

import os
from collections.abc import Sequence
from errno import EBADF
from select import select
from typing import TYPE_CHECKING, Any, Protocol

from emu.environment import requests as asked
from emu.environment.answering import AnsweringWorld, WorldState
from emu.environment.clock import Clock, InstructionClock
from emu.environment.files import HostFiles
from emu.environment.requests import (
    STDERR,
    STDIN,
    STDOUT,
    Answer,
    Cause,
    Lost,
    Request,
)
from emu.environment.streams import HostOutput
from emu.environment.waits import Reader, Waits

if TYPE_CHECKING:
    from emu.environment.scripted import ScriptedOutput, ScriptedWorld

__all__ = [
    "STDERR", "STDIN", "STDOUT", "HostWorld", "ScriptedOutput", "ScriptedWorld", "World",
    "WorldState",
]  # fmt: skip

_INPUT_CHUNK = 65536


def __getattr__(name: str) -> Any:
    """A scripted outside, which only tests and scripts need, is imported when it is asked for."""
    if name in ("ScriptedOutput", "ScriptedWorld"):
        from emu.environment import scripted

        return getattr(scripted, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class World(Protocol):
    """The outside of a run.

    Everything that enters a run is an answer: a world between the machine and another world can
    record a run, and a world that gives the same answers repeats it.
    """

    def answer(self, request: Request, moment: int) -> Answer:
        """The answer, as in ``emu.environment.requests``.  moment: instructions executed so far."""

    def interrupt(self, cause: Cause) -> None:
        """End the wait under way, and further waits until ``resume``.  From any thread."""

    def resume(self) -> None:
        """Wait again.  Not while ``interrupt`` may be called."""

    def knows(self, state: object) -> bool:
        """Whether ``restore`` can lead to a state: it is one of this world's, or of one like it."""

    def snapshot(self) -> Any:
        """The part of the outside that belongs to the run, as a value."""

    def restore(self, state: Any) -> None:
        """Become what an outside was, as far as possible: what was written stays written."""


class HostWorld(AnsweringWorld):
    """The real outside: this process's streams, and files beneath one directory."""

    def __init__(
        self,
        arguments: Sequence[str],
        files: str | None = None,
        streams: tuple[int, int, int] = (0, 1, 2),
        waits: Waits | None = None,
        clock: Clock | None = None,
    ) -> None:
        """files: the directory of the host's files, or None.

        waits: those of this thread, if it waits elsewhere too.  clock: None for a clock of
        instructions.  Errors: OSError, if there is no such directory.
        """
        stdin, stdout, stderr = streams
        waits = waits or Waits()
        terminals = os.isatty(stdin), os.isatty(stdout), os.isatty(stderr)
        super().__init__(
            arguments, terminals, HostFiles(files), self._refill, waits,
            clock or InstructionClock(),
        )  # fmt: skip
        self._stdin, self._reader = stdin, Reader(stdin, waits)
        self._outputs = {STDOUT: HostOutput(stdout, waits), STDERR: HostOutput(stderr, waits)}

    def write(self, request: asked.Write, _moment: int) -> Answer:
        _, stream, data = request
        try:
            cause = self._outputs[stream].write(data)
        except OSError as error:
            return Lost(stream, error.errno or 0)
        return len(data) if cause is None else cause

    def input_ready(self, _request: asked.InputReady, _moment: int) -> Answer:
        if not self._beginning.terminals[STDIN] or self._input.is_at_hand:
            return True
        return bool(select([self._stdin], [], [], 0)[0])

    def _refill(self) -> bytes:
        try:
            return self._reader.read(_INPUT_CHUNK)
        except OSError as error:
            if error.errno == EBADF:  # standard input was closed at the start
                return b""
            raise
