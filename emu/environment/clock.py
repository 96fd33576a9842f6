"""The clocks that a program can be given."""

from __future__ import annotations

import time
from typing import Final, Protocol

CLOCK_START: Final = 1_704_067_200
"""The instant at which every run begins, 2024-01-01 00:00 UTC, in seconds since 1970."""

LOOK: Final = 1_000
"""Nanoseconds added for each look at the clock, besides its instructions.

No call of a debugger's host takes less.  A program that waits for a second looks every hundred
instructions or so: without this it would have to look ten million times.
"""

NEVER: Final = -1


class Clock(Protocol):
    """A clock that begins with the first look at it."""

    @property
    def start(self) -> int:
        """The time at which the run began, in seconds since 1970."""

    @property
    def counts(self) -> bool:
        """Whether it counts instructions, so that the machine must count them."""

    def now(self, executed: int) -> int:
        """Nanoseconds since the first look.  executed: instructions, counted since then."""

    def snapshot(self) -> tuple[int, ...]:
        """Its state as a value."""

    def restore(self, state: tuple[int, ...]) -> None:
        """Go on from the state of a clock."""


class InstructionClock:
    """A clock that advances a nanosecond with each instruction, the same in every run.

    since: instructions at the first look.  looks: the number of looks since then.
    """

    start = CLOCK_START
    counts = True

    def __init__(self) -> None:
        self.since = NEVER
        self.looks = 0

    def now(self, executed: int) -> int:
        if self.since == NEVER:
            self.since = executed
        else:
            self.looks += 1
        return executed - self.since + self.looks * LOOK

    def snapshot(self) -> tuple[int, ...]:
        return self.since, self.looks

    def restore(self, state: tuple[int, ...]) -> None:
        self.since, self.looks = state


class HostClock:
    """The host's clock, for programs that measure or wait; with it runs differ."""

    counts = False

    def __init__(self) -> None:
        self.start = int(time.time())
        self._since = NEVER

    def now(self, executed: int) -> int:  # noqa: ARG002 - the host counts
        now = time.monotonic_ns()
        if self._since == NEVER:
            self._since = now
        return now - self._since

    def snapshot(self) -> tuple[int, ...]:
        return () if self._since == NEVER else (self.now(0),)

    def restore(self, state: tuple[int, ...]) -> None:
        self._since = time.monotonic_ns() - state[0] if state else NEVER
