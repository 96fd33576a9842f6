"""An outside made of given values, for tests and scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from emu.environment import requests as asked
from emu.environment.answering import AnsweringWorld, WorldState
from emu.environment.clock import InstructionClock
from emu.environment.files import ScriptedFiles
from emu.environment.requests import STDOUT, Answer
from emu.environment.waits import Waits


class ScriptedOutput(NamedTuple):
    """The output into a scripted outside, and the contents of its files, by path."""

    stdout: bytes
    stderr: bytes
    files: tuple[tuple[bytes, bytes], ...]


class ScriptedWorld(AnsweringWorld):
    """An outside made of given values, which keeps the output."""

    def __init__(
        self,
        stdin: bytes | Iterable[bytes] = b"",
        arguments: Sequence[str] = ("program",),
        files: Mapping[bytes, bytes] | None = None,
        terminal: bool = False,
    ) -> None:
        """stdin: the bytes, or the pieces in which they arrive.

        terminal: whether the standard streams are a terminal.
        """
        pieces = iter([stdin] if isinstance(stdin, bytes) else stdin)
        self._scripted = ScriptedFiles(files or {})
        refill = lambda: next(pieces, b"")  # noqa: E731 - short enough
        terminals = (terminal, terminal, terminal)
        super().__init__(arguments, terminals, self._scripted, refill, Waits(), InstructionClock())
        self.stdout = bytearray()
        self.stderr = bytearray()

    def write(self, request: asked.Write, _moment: int) -> Answer:
        _, stream, data = request
        if stream == STDOUT:
            self.stdout += data
        else:
            self.stderr += data
        return len(data)

    def take_back(self, mark: int, unread: bytes, written: tuple[int, int]) -> None:
        super().take_back(mark, unread, written)
        del self.stdout[written[0] :], self.stderr[written[1] :]

    def snapshot(self) -> WorldState:
        output = ScriptedOutput(bytes(self.stdout), bytes(self.stderr), self._scripted.snapshot())
        return super().snapshot()._replace(output=output)

    def restore(self, state: WorldState) -> None:
        super().restore(state)
        if isinstance(state.output, ScriptedOutput):
            self.stdout[:], self.stderr[:] = state.output.stdout, state.output.stderr
            self._scripted.restore(state.output.files)
