"""The one door through which everything from outside enters a run.

Standard input, the clock, the arguments and host files all come through a ``World``,
and so can be written down and given again: every argument and every result of its
methods is a plain value.  Nothing a World answers depends on when it was asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from errno import EBADF
from select import select
from typing import NamedTuple, Protocol

from emu.environment.clock import Clock, InstructionClock
from emu.environment.files import Files, HostFiles, ScriptedFiles
from emu.environment.waits import Interrupted, Waits

STDIN, STDOUT, STDERR = range(3)

_INPUT_CHUNK = 65536


class StreamLostError(Exception):
    """The host took a standard stream away: a broken pipe, a full disk.

    The run cannot go on.  The command line ends it; ``errno`` is EPIPE where a reader has
    had enough, which is no reason for a message.
    """

    def __init__(self, stream: str, error: OSError) -> None:
        super().__init__(f"{stream}: {error.strerror}")
        self.errno = error.errno


class World(Protocol):
    """What a run may ask of its outside."""

    @property
    def arguments(self) -> Sequence[str]:
        """The program's name and its arguments."""

    @property
    def files(self) -> Files:
        """Host files beneath the directory that they may come from."""

    @property
    def waits(self) -> Waits:
        """Through which all calls of the host go that may wait for ever."""

    def read_input(self, length: int) -> bytes:
        """At least one and at most ``length`` bytes of standard input; b"" at its end.

        Waits for them.  Ends early only behind a newline, as a terminal does, so that what
        is read depends on the input alone and not on the pieces in which it arrived.
        Errors: Interrupted.
        """

    def is_input_ready(self) -> bool:
        """Whether ``read_input`` would wait for nobody at a terminal.

        What does not come from a terminal counts as ready: however long it takes, nobody inside
        can tell, and so a run does not depend on how quickly it comes.
        """

    def write_output(self, data: bytes) -> None:
        """Put all of ``data`` on standard output, now.

        Waits until there is room.  Where ``interrupt`` ends that, the rest goes first the next
        time, so a program that is stopped in a write has written.
        """

    def write_error(self, data: bytes) -> None:
        """Put all of ``data`` on standard error, now, in the same way."""

    def is_terminal(self, stream: int) -> bool:
        """Whether ``STDIN``, ``STDOUT`` or ``STDERR`` is a terminal, all through the run."""

    def limit_output(self, length: int, full: Callable[[], None]) -> None:
        """Let at most ``length`` bytes go out in all, on both streams together.

        What is beyond them is dropped, and ``full`` is called each time.
        """

    def now(self) -> int:
        """Nanoseconds since the program first looked at the clock."""

    def began(self) -> int:
        """When the run began, in seconds since 1970."""

    def follow_time(self, executed: Callable[[], int]) -> None:
        """Where the clock may ask how many instructions have executed."""

    @property
    def waiting(self) -> bool:
        """Whether the outside is waited for just now, so that only a signal ends it."""

    def interrupt(self) -> None:
        """For a signal's handler, in the thread that runs: end such a wait."""

    def snapshot(self) -> WorldState:
        """What of the outside belongs to the run, as a value."""

    def restore(self, state: WorldState) -> None:
        """Be as an outside was then, as far as it can: what was written stays written."""


class WorldState(NamedTuple):
    """What of the outside a run has used.

    clock: where it stands.  written: bytes.  output: what a scripted outside keeps, files and all.
    """

    clock: tuple[int, ...]
    input: InputState
    written: int
    output: Hashable = None


class InputState(NamedTuple):
    """How far standard input has been read: pieces so far, and what of them is left."""

    pieces: int
    pending: bytes
    ended: bool


class InputLines:
    """Standard input by lines, from pieces that ``refill`` gives; b"" from it is the end.

    From the first snapshot on pieces are kept, so that they can be read again after a restore.
    """

    def __init__(self, refill: Callable[[], bytes]) -> None:
        self._refill = refill
        self.pending = bytearray()
        self.ended = False
        self._pieces = 0
        self._kept: list[bytes] | None = None
        self._kept_from = 0

    def snapshot(self) -> InputState:
        if self._kept is None:
            self._kept, self._kept_from = [], self._pieces
        return InputState(self._pieces, bytes(self.pending), self.ended)

    def restore(self, state: InputState) -> None:
        """Be where an input was: this one, whose pieces since then come again, or another."""
        if self._kept is None or state.pieces < self._kept_from:
            self._kept, self._kept_from = [], state.pieces
        self._pieces, self.ended = state.pieces, state.ended
        self.pending[:] = state.pending

    def _next_piece(self) -> bytes:
        at, kept = self._pieces - self._kept_from, self._kept
        if kept is not None and at < len(kept):
            piece = kept[at]
        else:
            piece = self._refill()
            if kept is not None:
                kept.append(piece)
        self._pieces += 1
        return piece

    @property
    def is_at_hand(self) -> bool:
        """Whether a read needs no piece that has not come yet."""
        kept = self._kept
        again = kept is not None and self._pieces - self._kept_from < len(kept)
        return again or self.ended or b"\n" in self.pending

    def read(self, length: int) -> bytes:
        searched = 0
        while not (end := self._line_end(searched, length)):
            if len(self.pending) >= length or self.ended:
                end = length
                break
            searched = len(self.pending)
            piece = self._next_piece()
            self.ended = not piece
            self.pending += piece
        taken = bytes(self.pending[:end])
        del self.pending[:end]
        return taken

    def _line_end(self, start: int, end: int) -> int:
        """Where a line that ends in [start, end) of what is pending does so; else 0."""
        return self.pending.find(b"\n", start, end) + 1


class _World:
    """What the real outside and a scripted one share."""

    def __init__(
        self,
        arguments: Sequence[str],
        files: Files,
        refill: Callable[[], bytes],
        waits: Waits,
        clock: Clock,
    ) -> None:
        self.waits: Waits = waits
        self.arguments: Sequence[str] = tuple(arguments)
        self.files = files
        self._input = InputLines(refill)
        self._clock = clock
        self._written = 0
        self._limit: int | None = None
        self._full: Callable[[], None] = lambda: None

    def limit_output(self, length: int, full: Callable[[], None]) -> None:
        self._limit, self._full = length, full

    def _allowed(self, data: bytes) -> bytes:
        """What of ``data`` may still go out, which is counted."""
        if self._limit is not None and len(data) > self._limit - self._written:
            data = data[: self._limit - self._written]
            self._full()
        self._written += len(data)
        return data

    def read_input(self, length: int) -> bytes:
        return self._input.read(length)

    def is_input_ready(self) -> bool:
        return True

    def now(self) -> int:
        return self._clock.now()

    def began(self) -> int:
        return self._clock.start

    def follow_time(self, executed: Callable[[], int]) -> None:
        self._clock.follow(executed)

    def snapshot(self) -> WorldState:
        return WorldState(self._clock.snapshot(), self._input.snapshot(), self._written)

    def restore(self, state: WorldState) -> None:
        self._written = state.written
        self._clock.restore(state.clock)
        self._input.restore(state.input)

    @property
    def waiting(self) -> bool:
        return self.waits.waiting

    def interrupt(self) -> None:
        self.waits.interrupt()


class HostWorld(_World):
    """The real outside: this process's streams, and files beneath one directory."""

    def __init__(
        self,
        arguments: Sequence[str],
        files: str | None = None,
        streams: tuple[int, int, int] = (0, 1, 2),
        waits: Waits | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``files``: the directory that host files may come from; OSError if there is none.

        waits: those of who else may wait in this thread.  clock: by instructions if None.
        """
        super().__init__(
            arguments, HostFiles(files), self._refill, waits or Waits(), clock or InstructionClock()
        )
        self._stdin, stdout, stderr = streams
        self._terminals = tuple(map(os.isatty, streams))
        self._output = HostOutput(stdout, "standard output", self.waits)
        self._error = HostOutput(stderr, "standard error", self.waits)

    def write_output(self, data: bytes) -> None:
        self._output.write(self._allowed(data))

    def write_error(self, data: bytes) -> None:
        self._error.write(self._allowed(data))

    def is_terminal(self, stream: int) -> bool:
        return self._terminals[stream]

    def is_input_ready(self) -> bool:
        if not self._terminals[STDIN] or self._input.is_at_hand:
            return True
        return bool(select([self._stdin], [], [], 0)[0])

    def _refill(self) -> bytes:
        try:
            return self.waits.answer(os.read, self._stdin, _INPUT_CHUNK)
        except OSError as error:
            if error.errno == EBADF:  # started with standard input closed
                return b""
            raise StreamLostError("standard input", error) from error


class HostOutput:
    """A stream of this process's to write to.

    unsent: what had no room when a signal ended the wait for it.
    """

    def __init__(self, fd: int, name: str, waits: Waits) -> None:
        self._fd, self._name, self._waits = fd, name, waits
        self.unsent = bytearray()

    def write(self, data: bytes) -> None:
        """Put ``data`` on the stream, behind what is unsent.  Errors: StreamLostError."""
        self.unsent += data
        try:
            while self.unsent:
                sent = self._waits.answer(os.write, self._fd, self.unsent)
                del self.unsent[:sent]
        except Interrupted:
            return
        except OSError as error:
            raise StreamLostError(self._name, error) from error


class ScriptedWorld(_World):
    """An outside made of given values, for tests: what goes out is kept to be looked at."""

    def __init__(
        self,
        stdin: bytes | Iterable[bytes] = b"",
        arguments: Sequence[str] = ("program",),
        files: Mapping[bytes, bytes] | None = None,
        terminal: bool = False,
    ) -> None:
        """stdin: the bytes, or the pieces in which they arrive.

        terminal: whether the standard streams are one.
        """
        pieces = iter([stdin] if isinstance(stdin, bytes) else stdin)
        self._scripted = ScriptedFiles(files or {})
        refill = lambda: next(pieces, b"")  # noqa: E731 - that is all of it
        super().__init__(arguments, self._scripted, refill, Waits(), InstructionClock())
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._terminal = terminal

    def is_terminal(self, _stream: int) -> bool:
        return self._terminal

    def write_output(self, data: bytes) -> None:
        self.stdout += self._allowed(data)

    def write_error(self, data: bytes) -> None:
        self.stderr += self._allowed(data)

    def snapshot(self) -> WorldState:
        output = ScriptedOutput(bytes(self.stdout), bytes(self.stderr), self._scripted.snapshot())
        return super().snapshot()._replace(output=output)

    def restore(self, state: WorldState) -> None:
        super().restore(state)
        if isinstance(state.output, ScriptedOutput):
            self.stdout[:], self.stderr[:] = state.output.stdout, state.output.stderr
            self._scripted.restore(state.output.files)


class ScriptedOutput(NamedTuple):
    """What went out into a scripted outside, and what is in its files, by path."""

    stdout: bytes
    stderr: bytes
    files: tuple[tuple[bytes, bytes], ...]
