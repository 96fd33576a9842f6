"""The methods that answer requests, shared by the real outside and a scripted one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from emu.environment import requests as asked
from emu.environment.clock import Clock
from emu.environment.files import ChangedFiles, Files, OpenMode
from emu.environment.requests import STDIN, Answer, Beginning, Cause, Failed, Lost, Request
from emu.environment.streams import InputLines, InputState
from emu.environment.waits import Interrupted, Waits

_Handler = Callable[[Any, int], Answer]


class WorldState(NamedTuple):
    """The part of the outside that a run has used.

    clock: its state.  output: of a scripted outside, its output and files.
    """

    clock: tuple[int, ...]
    input: InputState
    output: Hashable = None


class AnsweringWorld:
    """Answers requests.  A subclass has the output, and says where input comes from.

    Each method answers the request of its name at a moment: instructions executed so far.
    files: the files that can be opened.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        terminals: tuple[bool, bool, bool],
        files: ChangedFiles,
        refill: Callable[[], bytes],
        waits: Waits,
        clock: Clock,
    ) -> None:
        """refill: returns the next piece of standard input, b"" at its end."""
        self.files = files
        self._beginning = Beginning(tuple(arguments), terminals, clock.start, clock.counts)
        self._waits = waits
        self._input = InputLines(refill)
        self._clock = clock
        self._answers: dict[str, _Handler] = {
            "begin": self.begin, "read_input": self.read_input, "input_ready": self.input_ready,
            "write": self.write, "now": self.now, "why_stop": self.why_stop,
            "read_file": self.read_file, "write_file": self.write_file,
            **dict.fromkeys(_FILES, self._of_files),
        }  # fmt: skip

    def answer(self, request: Request, moment: int) -> Answer:
        """See ``emu.environment.requests``."""
        return self._answers[request[0]](request, moment)

    def begin(self, _request: asked.Begin, _moment: int) -> Answer:
        return self._beginning

    def read_input(self, request: asked.ReadInput, _moment: int) -> Answer:
        try:
            return self._input.read(request[1])
        except Interrupted as interrupted:
            return interrupted.cause
        except OSError as error:
            return Lost(STDIN, error.errno or 0)

    def input_ready(self, _request: asked.InputReady, _moment: int) -> Answer:
        return True

    def write(self, request: asked.Write, moment: int) -> Answer:
        raise NotImplementedError

    def now(self, _request: asked.Now, moment: int) -> Answer:
        return self._clock.now(moment)

    def why_stop(self, _request: asked.WhyStop, _moment: int) -> Answer:
        return self._waits.cause

    def read_file(self, request: asked.ReadFile, _moment: int) -> Answer:
        try:
            return self.files.read(request[1], request[2], request[3])
        except OSError as error:
            return Failed(error.errno or 0)

    def write_file(self, request: asked.WriteFile, _moment: int) -> Answer:
        try:
            self.files.write(request[1], request[2], request[3])
        except OSError as error:
            return Failed(error.errno or 0)
        return None

    def _of_files(self, request: Request, _moment: int) -> Answer:
        try:
            return _FILES[request[0]](self.files, request)
        except OSError as error:
            return Failed(error.errno or 0)

    def interrupt(self, cause: Cause) -> None:
        self._waits.interrupt(cause)

    def resume(self) -> None:
        self._waits.resume()

    def snapshot(self) -> WorldState:
        return WorldState(self._clock.snapshot(), self._input.snapshot())

    def knows(self, state: object) -> bool:
        """Whether a state is one of such a world's."""
        return isinstance(state, WorldState)

    def mark(self) -> int:
        """A place among what the program does to the files, for ``take_back``."""
        return self.files.mark()

    def take_back(self, mark: int, unread: bytes, written: tuple[int, int]) -> None:  # noqa: ARG002
        """Become what this was at a mark; what belongs to the host alone stays as it is.

        unread: the input that was read since, and will be read again.
        written: bytes of output up to there, on standard output and on standard error.
        """
        self.files.take_back(mark)
        self._input.unread(unread)

    def restore(self, state: WorldState) -> None:
        self._clock.restore(state.clock)
        self._input.restore(state.input)


_FILES: dict[str, Callable[[Files, Any], Answer]] = {
    "open_file": lambda files, request: files.open(request[1], OpenMode(request[2])),
    "close_file": lambda files, request: files.close(*request[1:]),
    "file_length": lambda files, request: files.length(*request[1:]),
    "remove_file": lambda files, request: files.remove(*request[1:]),
    "rename_file": lambda files, request: files.rename(*request[1:]),
}
