"""The log of a run: the answers of its outside that could not be foretold, each with its place.

Most answers can be: a write takes all of its bytes, and the clock counts instructions.  Only the
others are kept, so that a log is hardly larger than the input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from emu.environment.requests import Answer, Beginning, Cause
from emu.recording.values import (
    MalformedError,
    Reader,
    put_answer,
    put_cause,
    put_unsigned,
)

_ANSWERED, _STOPPED, _GOES_ON = range(3)
_FULL: Final = 4096
"""Bytes of entries after which they are handed on."""
FIRST_SIGN: Final = 1_000_000
"""Instructions without an entry after which the log says that the run goes on; then at the times
of a run that is by a quarter longer each time."""


class Answered(NamedTuple):
    """An answer that could not be foretold.

    request: the number of the request, from 0.  moment: instructions executed when it was made.
    """

    request: int
    moment: int
    answer: Answer


class Stopped(NamedTuple):
    """The outside ended the run between two instructions.  moment: instructions executed."""

    moment: int
    cause: Cause


class Ended(NamedTuple):
    """The end of the run.

    how: the name of a member of ``How``, or "LOST" after the loss of a standard stream.
    moment: instructions executed.  requests: how many were made.  check: CRC-32 of the output.
    """

    how: str
    status: int
    moment: int
    requests: int
    check: int


class Log:
    """The log of a run, which grows as it goes on.

    answers: in order.  stops: likewise.  requests: how many are known to have been answered.
    moment: instructions that the run is known to have executed.
    end: how the run ended, or None.  sink: called with entries to keep, several at a time; None:
    they are not written at all.
    """

    def __init__(self, beginning: Beginning, sink: Callable[[bytes], None] | None = None) -> None:
        self.beginning, self.sink = beginning, sink
        self.answers: list[Answered] = []
        self.stops: list[Stopped] = []
        self.requests = self.moment = 0
        self.end: Ended | None = None
        self.due = FIRST_SIGN
        self._unsunk = bytearray()
        self._last = (0, 0)

    # Growing

    def answered(self, request: int, moment: int, answer: Answer) -> None:
        """Note an answer that could not be foretold."""
        self.answers.append(Answered(request, moment, answer))
        if self._begins(_ANSWERED, request, moment):
            put_answer(self._unsunk, answer)
            if len(self._unsunk) >= _FULL:
                self.hand_on()

    def stopped(self, moment: int, cause: Cause) -> None:
        """Note that the outside ended the run."""
        self.stops.append(Stopped(moment, cause))
        if self._begins(_STOPPED, self.requests, moment):
            put_cause(self._unsunk, cause)
            self.hand_on()

    def goes_on(self, moment: int) -> None:
        """Note that so many instructions were executed, and that all requests were answered."""
        self.due = _next_sign(moment)
        if self._begins(_GOES_ON, self.requests, moment):
            self.hand_on()

    def cut(self, requests: int, answers: int, moment: int) -> None:
        """Drop what is behind a place: so many requests, answers and instructions.

        Only of a log that has no sink.
        """
        assert self.sink is None
        del self.answers[answers:]
        self.stops = [stop for stop in self.stops if stop.moment <= moment]
        self.requests, self.moment, self.end = requests, moment, None
        self.due = _next_sign(moment)

    def hand_on(self) -> None:
        """Hand the entries so far to the sink."""
        if self._unsunk and self.sink is not None:
            entries = bytes(self._unsunk)
            self._unsunk.clear()
            self.sink(entries)

    def _begins(self, kind: int, request: int, moment: int) -> bool:
        """Write the beginning of an entry; whether entries are written at all."""
        self.moment = max(self.moment, moment)
        if self.sink is None:
            return False
        last_request, last_moment = self._last
        out = self._unsunk
        out.append(kind)
        put_unsigned(out, request - last_request)
        put_unsigned(out, moment - last_moment)
        self._last = request, moment
        return True

    # Reading

    def take(self, entries: bytes) -> None:
        """Append what a sink was given.  Errors: MalformedError, with the entries before taken."""
        reader = Reader(entries)
        while not reader.is_at_end:
            kind = reader.unsigned()
            request, moment = self._last[0] + reader.unsigned(), self._last[1] + reader.unsigned()
            if kind == _ANSWERED:
                if request < self.requests:
                    raise MalformedError("two answers to a request")
                self.answers.append(Answered(request, moment, reader.answer()))
                self.requests = request + 1
            elif kind == _STOPPED:
                self.stops.append(Stopped(moment, reader.cause()))
            elif kind != _GOES_ON:
                raise MalformedError(f"no kind of entry: {kind}")
            self.requests = max(self.requests, request)
            self._last = request, moment
            self.moment = max(self.moment, moment)


def _next_sign(moment: int) -> int:
    """When the log is to say that the run goes on, if nothing else says so."""
    return moment + max(FIRST_SIGN, moment >> 2)
