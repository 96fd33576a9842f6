"""The machine's side of the one door: sends the world requests, each with its moment, and acts upon
the answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn, Protocol

from emu.environment.files import Files, OpenMode, host_error
from emu.environment.requests import (
    STDERR,
    STDOUT,
    STREAM_NAMES,
    Answer,
    Beginning,
    Cause,
    Failed,
    Lost,
    ReadFile,
    Request,
)
from emu.environment.waits import Interrupted
from emu.environment.world import World


class StreamLostError(Exception):
    """The host took a standard stream away: a broken pipe, a full disk.

    The run cannot go on, and the command ends: in silence if ``errno`` is EPIPE, because the
    reader has gone.
    """

    def __init__(self, lost: Lost) -> None:
        error = host_error(lost.errno)
        super().__init__(f"{STREAM_NAMES[lost.stream]}: {error.strerror}")
        self.errno = lost.errno


class Moment(Protocol):
    """The source of requests' moments.  count: instructions executed, as far as counted."""

    @property
    def count(self) -> int: ...


class _Never:
    count = 0


class OutsideState(NamedTuple):
    """The outside of a run as a value.

    is_timed: whether the program has looked at the clock.  written: bytes of output.
    world: the world's own state.
    """

    is_timed: bool
    written: int
    world: Any


_FAILURES = frozenset((Failed, Lost, Cause))


def _nothing() -> None:
    """Do nothing."""


class Outside:
    """The outside of a machine.

    All requests go through ``World.answer``: a recorder is a world that asks another.
    world: answers the requests.  beginning: the answers that do not change during a run.
    files: the host's files that the program may open.
    written: bytes of output so far, on both streams together.
    moment: counts the machine's instructions.
    is_full: whether the limit of output is reached.  cause: why the outside has ended the run.
    """

    def __init__(
        self,
        world: World,
        limit: int | None = None,
        stop: Callable[[], None] = _nothing,
        count: Callable[[], None] = _nothing,
    ) -> None:
        """limit: bytes of output, None for any.

        stop: called when an answer ends the run, for the reason in ``is_full`` or ``cause``.
        count: called before the first look at the clock, if the clock counts instructions.
        """
        self.moment: Moment = _Never()
        self._limit, self._stop, self._count = limit, stop, count
        self.world = world
        self.beginning: Beginning = self.ask(("begin",))
        self.files: Files = _AskedFiles(self)
        self.is_timed = False
        self.written = 0
        self._unsent: int | None = None
        self.begin_run()

    def ask(self, request: Request) -> Any:
        """The answer.  Errors: OSError, StreamLostError, Interrupted."""
        answer = self.world.answer(request, self.moment.count)
        if type(answer) in _FAILURES:
            _fail(answer)
        return answer

    def begin_run(self) -> None:
        """Begin a run: clear the reasons to end one, and send the output that the last run left."""
        self.is_full = False
        self.cause: Cause | None = None
        stream, self._unsent = self._unsent, None
        if stream is not None:
            self._write_within(None, stream, b"")

    # Standard streams

    def read_input(self, length: int) -> bytes:
        """At most ``length`` bytes of standard input: see ``requests.ReadInput``.

        Errors: Interrupted, StreamLostError.
        """
        data = self.world.answer(("read_input", length), self.moment.count)
        if type(data) is not bytes:
            _fail(data)
        return data

    def is_input_ready(self) -> bool:
        """Whether ``read_input`` would not wait for a person: see ``requests.InputReady``."""
        return bool(self.ask(("input_ready",)))

    def write_output(self, data: bytes) -> None:
        """Put ``data`` on standard output.  Errors: StreamLostError."""
        if self._limit is not None:
            self._write_within(self._limit, STDOUT, data)
            return
        length = len(data)
        self.written += length
        taken = self.world.answer(("write", STDOUT, data), self.moment.count)
        if taken != length:
            self._not_all(STDOUT, taken)

    def write_error(self, data: bytes) -> None:
        """Put ``data`` on standard error.  Errors: StreamLostError."""
        self._write_within(self._limit, STDERR, data)

    def _write_within(self, limit: int | None, stream: int, data: bytes) -> None:
        """Write data up to the limit, and drop the rest."""
        allowed = data if limit is None else data[: max(limit - self.written, 0)]
        taken = self.world.answer(("write", stream, allowed), self.moment.count)
        self.written += len(allowed)
        if taken != len(data):
            self._not_all(stream, taken)

    def _not_all(self, stream: int, taken: Answer) -> None:
        """End the run, or report the lost stream, after a write that was not complete."""
        if isinstance(taken, Cause):
            self.cause, self._unsent = taken, stream
        elif isinstance(taken, int):
            self.is_full = True
        else:
            _fail(taken)
        self._stop()

    def is_terminal(self, stream: int) -> bool:
        """Whether ``STDIN``, ``STDOUT`` or ``STDERR`` is a terminal."""
        return self.beginning.terminals[stream]

    # Time and interruption

    def now(self) -> int:
        """Nanoseconds since the program first looked at the clock."""
        if not self.is_timed:
            self._begin_time()
        nanoseconds: int = self.ask(("now",))
        return nanoseconds

    def _begin_time(self) -> None:
        self.is_timed = True
        if self.beginning.counts:
            self._count()

    def why_stopped(self) -> Cause:
        """Ask why the outside has ended the run."""
        cause = self.world.answer(("why_stop",), self.moment.count)
        assert isinstance(cause, Cause)
        return cause

    # As a value

    def snapshot(self) -> OutsideState:
        return OutsideState(self.is_timed, self.written, self.world.snapshot())

    def restore(self, state: OutsideState) -> None:
        """Become what an outside was, as far as possible: output already on the host stays."""
        self.is_timed, self.written = False, state.written
        self.world.restore(state.world)
        if state.is_timed:
            self._begin_time()


def _fail(answer: Answer) -> NoReturn:
    if isinstance(answer, Failed):
        raise host_error(answer.errno)
    if isinstance(answer, Lost):
        raise StreamLostError(answer)
    assert isinstance(answer, Cause), answer
    raise Interrupted(answer)


class _AskedFiles:
    """The world's files, by the handles that it gives.  Failures are OSErrors."""

    def __init__(self, outside: Outside) -> None:
        self._outside, self._ask = outside, outside.ask

    def open(self, path: bytes, mode: OpenMode) -> int:
        handle: int = self._ask(("open_file", path, int(mode)))
        return handle

    def close(self, handle: int) -> None:
        self._ask(("close_file", handle))

    def read(self, handle: int, offset: int, length: int) -> bytes:
        outside = self._outside  # as ``ask`` does, in fewer steps: programs read by the byte
        request: ReadFile = ("read_file", handle, offset, length)
        data = outside.world.answer(request, outside.moment.count)
        if type(data) is not bytes:
            _fail(data)
        return data

    def write(self, handle: int, offset: int, data: bytes) -> None:
        self._ask(("write_file", handle, offset, data))

    def length(self, handle: int) -> int:
        length: int = self._ask(("file_length", handle))
        return length

    def remove(self, path: bytes) -> None:
        self._ask(("remove_file", path))

    def rename(self, old: bytes, new: bytes) -> None:
        self._ask(("rename_file", old, new))
