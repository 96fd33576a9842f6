"""A world that keeps a log of what another world answers, and answers from it what is past."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol
from zlib import crc32

from emu.environment.clock import LOOK, NEVER
from emu.environment.files import OpenMode
from emu.environment.requests import STDOUT, Answer, Beginning, Cause, Failed, Lost, Request, Write
from emu.environment.waits import Waits
from emu.environment.world import World
from emu.recording.log import Log

_FORETOLD: Final[dict[str, Answer]] = {
    "close_file": None, "write_file": None, "remove_file": None, "rename_file": None,
}  # fmt: skip
"""The answers that these requests have unless something fails."""


class ReplayError(Exception):
    """The run cannot be repeated further; the text says why."""


class Position(NamedTuple):
    """Where a run is in its log, and what its outside has become by then.

    request, answer: the numbers of the next request and of the next answer in the log.
    looked, looks: the state of a clock that counts instructions.  ready: the last answer to whether
    there is input.  check: CRC-32 of the output so far.  written: its bytes, on standard output and
    on standard error.  files: those that are open, each as its handle, path and mode.
    branch: of the log in which the place lies: it has another after each cut before the place.
    """

    request: int = 0
    answer: int = 0
    looked: int = NEVER
    looks: int = 0
    ready: bool = True
    check: int = 0
    written: tuple[int, int] = (0, 0)
    files: tuple[tuple[int, bytes, int], ...] = ()
    branch: int = 0


@dataclass
class _Place:
    """A ``Position`` that goes on; files by their handles."""

    request: int = 0
    answer: int = 0
    looked: int = NEVER
    looks: int = 0
    ready: bool = True
    check: int = 0
    written: list[int] = field(default_factory=lambda: [0, 0])
    files: dict[int, tuple[bytes, int]] = field(default_factory=dict)

    @staticmethod
    def at(position: Position) -> _Place:
        files = {handle: (path, mode) for handle, path, mode in position.files}
        return _Place(*position[:6], list(position.written), files)

    def position(self, branch: int) -> Position:
        stdout, stderr = self.written
        files = tuple((handle, *file) for handle, file in sorted(self.files.items()))
        return Position(
            self.request, self.answer, self.looked, self.looks, self.ready, self.check,
            (stdout, stderr), files, branch,
        )  # fmt: skip


class Beneath(World, Protocol):
    """A world whose answers are logged, and that can take back what it has done since a place."""

    def mark(self) -> int:
        """A place among what the program does to the files."""

    def take_back(self, mark: int, unread: bytes, written: tuple[int, int]) -> None:
        """Become what this was at a mark; what belongs to the host alone stays as it is.

        unread: the input that was read since, and will be read again.
        written: bytes of output up to there, on standard output and on standard error.
        """


class _Done:
    """What can be taken back of what the world beneath a log has done.

    taken: the numbers of the requests by which it has given input.
    """

    def __init__(self, world: Beneath) -> None:
        self._world = world
        self.taken: list[int] = []
        self._marks = [(0, world.mark())]

    def note_files(self, request: int) -> None:
        """Note what the files are after the request of this number."""
        mark = self._world.mark()
        if mark != self._marks[-1][1]:
            self._marks.append((request + 1, mark))

    def take_back(self, log: Log, position: Position) -> None:
        """Take the world back to a place of its log."""
        request = position.request
        taken = bisect_left(self.taken, request)
        again = set(self.taken[taken:])
        inputs = (one.answer for one in log.answers[position.answer :] if one.request in again)
        unread = b"".join(answer for answer in inputs if isinstance(answer, bytes))
        after = bisect_left(self._marks, (request + 1, 0))
        self._world.take_back(self._marks[after - 1][1], unread, position.written)
        del self.taken[taken:], self._marks[after:]


Show = Callable[[int, bytes], Answer]
"""show(stream, data): the answer to that write of another world, or of none."""


def shown_by(world: World) -> Show:
    """Shows by the writes of this world."""
    return lambda stream, data: world.answer(("write", stream, data), 0)


def _show_nothing(_stream: int, data: bytes) -> Answer:
    return len(data)


class LoggedWorld:
    """The outside of a run that is logged, or that is run again from its log.

    While the position is in the log, it answers; after it the world beneath does, and is logged.
    Output of requests that were made before is not written again.
    log: of the run, shared by all that go through it.
    """

    def __init__(
        self,
        log: Log,
        beneath: Beneath | None = None,
        show: Show = _show_nothing,
        waits: Waits | None = None,
    ) -> None:
        """beneath: answers what the log does not; None: that is the end of the run.

        show: writes the output of what is in the log, the first time.  waits: those of ``show``.
        """
        self.log, self._beneath, self._show = log, beneath, show
        self._counts = log.beginning.counts
        self._done: _Done | None = None
        self._cuts: list[tuple[int, int]] = []
        """Where the log was cut, as the number of a request, and the branch that begins there."""
        self._waits = waits or Waits()
        self._shown = 0
        self._at = _Place()
        self._reopens: set[int] | None = None

    # Answering

    def answer(self, request: Request, moment: int) -> Answer:
        """See ``emu.environment.requests``.  Errors: ReplayError."""
        if request[0] == "write" and self._beneath is not None:
            at, log = self._at, self.log
            if at.request == log.requests and moment < log.due:
                return self._write(request, moment)
        if request[0] == "begin":
            return self.log.beginning
        if request[0] == "why_stop":
            return self._why_stopped(request, moment)
        if self._reopens is not None:
            return self._reopened(request)
        foretold = self._foretold(request, moment)
        if self._at.request < self.log.requests:
            answer = self._from_log(request, moment, foretold)
        else:
            answer = self._from_beneath(request, moment, foretold)
        self._at.request += 1
        if request[0] == "write":
            self._at.written[request[1] - STDOUT] += len(request[2])
        elif request[0] == "input_ready":
            self._at.ready = bool(answer)
        elif request[0] == "open_file" and isinstance(answer, int):
            self._at.files[answer] = request[1], request[2]
        elif request[0] == "close_file":
            self._at.files.pop(request[1], None)
        return answer

    def _write(self, request: Write, moment: int) -> Answer:
        """The answer to a write that is made for the first time."""
        assert self._beneath is not None
        at, log, (_, stream, data) = self._at, self.log, request
        answer = self._beneath.answer(request, moment)
        at.check = crc32(data, at.check)
        at.written[stream - STDOUT] += len(data)
        if answer != len(data):
            log.answered(at.request, moment, answer)
            at.answer += 1
        at.request += 1
        log.requests = self._shown = at.request
        return answer

    def _foretold(self, request: Request, moment: int) -> Answer:
        """The answer if all is as usual; what the clock is looked at for is noted."""
        name, at = request[0], self._at
        if request[0] == "write":
            at.check = crc32(request[2], at.check)
            return len(request[2])
        if name == "input_ready":
            return at.ready
        if name == "now" and self._counts:
            if at.looked == NEVER:
                at.looked = moment
            else:
                at.looks += 1
            return moment - at.looked + at.looks * LOOK
        return _FORETOLD.get(name, NotImplemented)

    def _from_beneath(self, request: Request, moment: int, foretold: Answer) -> Answer:
        log, at = self.log, self._at
        if self._beneath is None:
            raise ReplayError(f"it ends after {log.moment} instructions, without an end")
        is_known = request[0] == "now" and self._counts
        answer = foretold if is_known else self._asked(request, moment)
        if answer != foretold or type(answer) is not type(foretold):
            log.answered(at.request, moment, answer)
            at.answer += 1
        elif moment >= log.due:
            log.goes_on(moment)
        log.requests = self._shown = at.request + 1
        return answer

    def _asked(self, request: Request, moment: int) -> Answer:
        """The answer of the world beneath, which can be taken back."""
        assert self._beneath is not None
        answer, done = self._beneath.answer(request, moment), self._done
        if done is not None and request[0] in _OF_FILES:
            done.note_files(self._at.request)
        elif done is not None and request[0] == "read_input" and type(answer) is bytes:
            done.taken.append(self._at.request)
        return answer

    def _from_log(self, request: Request, moment: int, foretold: Answer) -> Answer:
        answers, at = self.log.answers, self._at
        answer = foretold
        if at.answer < len(answers) and answers[at.answer].request == at.request:
            noted = answers[at.answer]
            if noted.moment != moment or not _fits(noted.answer, request):
                raise self._parting(moment)
            at.answer += 1
            answer = noted.answer
        elif foretold is NotImplemented:
            raise self._parting(moment)
        if at.request >= self._shown:
            self._shown = at.request + 1
            if request[0] == "write":
                return self._showing(request[1], request[2], answer)
        return answer

    def _showing(self, stream: int, data: bytes, answer: Answer) -> Answer:
        """The answer after the data was shown: that of the log, unless showing fails."""
        shown = self._show(stream, data)
        return shown if isinstance(shown, (Lost, Cause)) else answer

    def _parting(self, moment: int) -> ReplayError:
        return ReplayError(f"the run parts from it after {moment} instructions")

    # Interruption

    def _why_stopped(self, request: Request, moment: int) -> Answer:
        if self._beneath is None:
            return self._waits.cause
        cause = self._beneath.answer(request, moment)
        if self._at.request == self.log.requests and isinstance(cause, Cause):
            self.log.stopped(moment, cause)
        return cause

    def interrupt(self, cause: Cause) -> None:
        self._waits.interrupt(cause)
        if self._beneath is not None:
            self._beneath.interrupt(cause)

    def resume(self) -> None:
        self._waits.resume()
        if self._beneath is not None:
            self._beneath.resume()

    @property
    def last(self) -> int | None:
        """The place beyond which the run is not known, if it did not end by itself there."""
        log = self.log
        if self._beneath is not None:
            return None
        if log.end is None:
            return log.moment
        return log.moment if log.stops and log.stops[-1].moment == log.moment else None

    # As a value

    @property
    def position(self) -> Position:
        """Where the run is in the log."""
        return self._at.position(self._branch(self._at.request))

    def _branch(self, request: int) -> int:
        """The branch of the log in which the place before this request lies."""
        at = bisect_left(self._cuts, (request, 0))
        return self._cuts[at - 1][1] if at else 0

    def knows(self, state: object) -> bool:
        """Whether this is a place of this log."""
        if not isinstance(state, Position) or state.request > self.log.requests:
            return False
        return state.branch == self._branch(state.request) and state.answer <= len(self.log.answers)

    def snapshot(self) -> Position:
        return self.position

    def restore(self, state: Any) -> None:
        """Go to a position of this log."""
        assert isinstance(state, Position), state
        self._at = _Place.at(state)

    @property
    def is_recorded(self) -> bool:
        """Whether nothing but the log answers."""
        return self._beneath is None

    def note_done(self) -> None:
        """From here on, note what the world beneath does, so that ``cut`` can take it back."""
        if self._beneath is not None:
            self._done = _Done(self._beneath)

    def cut(self, moment: int) -> None:
        """What follows in the log will not come to pass: the world beneath answers from here on.

        moment: instructions executed so far.
        """
        if self._done is not None:
            at, log = self._at, self.log
            if at.request < log.requests:
                self._done.take_back(log, self.position)
                branch = self._cuts[-1][1] + 1 if self._cuts else 1
                kept = bisect_left(self._cuts, (at.request, 0))
                self._cuts[kept:] = [(at.request, branch)]
            log.cut(at.request, at.answer, moment)
            self._shown = min(self._shown, at.request)

    @contextmanager
    def going(self) -> Iterator[None]:
        """Restore a machine of this world within: its files are open in the log, and stay so."""
        self._reopens = set()
        try:
            yield
        finally:
            self._reopens = None

    def _reopened(self, request: Request) -> Answer:
        """The handle that a file has that is open at this position."""
        if request[0] != "open_file":
            return None
        assert self._reopens is not None
        for handle, (path, mode) in self._at.files.items():
            again = mode & ~(OpenMode.CREATE | OpenMode.TRUNCATE)
            if handle not in self._reopens and (path, again) == request[1:]:
                self._reopens.add(handle)
                return handle
        raise AssertionError(request)


def logged(world: Beneath) -> LoggedWorld:
    """The outside of a new run, which this world answers."""
    beginning = world.answer(("begin",), 0)
    assert isinstance(beginning, Beginning)
    return LoggedWorld(Log(beginning), world)


def _fits(answer: Answer, request: Request) -> bool:
    """Whether this can be the answer to that request, whatever a file says."""
    kinds, least, most = _KINDS[request[0]]
    if not isinstance(answer, kinds):
        return False
    if isinstance(answer, bytes):
        length = request[-1]
        return isinstance(length, int) and len(answer) <= length
    return not isinstance(answer, int) or least <= answer <= most


_OF_FILES: Final = frozenset(
    ("open_file", "close_file", "write_file", "remove_file", "rename_file")
)
"""The requests that change files, or which of them are open."""
_BIG: Final = 1 << 63
_KINDS: Final[dict[str, tuple[tuple[type, ...], int, int]]] = {
    "read_input": ((bytes, Lost, Cause), 0, 0),
    "input_ready": ((bool,), 0, 1),
    "write": ((Lost, Cause), 0, 0),
    "now": ((int,), 0, _BIG),
    "open_file": ((int, Failed), 0, _BIG),
    "read_file": ((bytes, Failed), 0, 0),
    "file_length": ((int, Failed), 0, _BIG),
    "close_file": ((Failed,), 0, 0),
    "write_file": ((Failed,), 0, 0),
    "remove_file": ((Failed,), 0, 0),
    "rename_file": ((Failed,), 0, 0),
}
"""The kinds of answers of each request that are noted, and the bounds of integers."""
