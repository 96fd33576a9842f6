"""Calls of the host that may wait for ever: a signal can end them, and no answer gets lost.

Python makes a call again that a signal interrupted, unless the signal's handler raises.  But it
also runs handlers just behind a call that has been answered, and what they raise there would leave
bytes read that nobody keeps, or written and counted as not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

A = TypeVar("A")
R = TypeVar("R")


class Interrupted(Exception):  # noqa: N818 - it reports, it is no error
    """A signal ended a wait before anything was done."""


class Waits:
    """The calls of one thread, which ``interrupt`` can end.

    waiting: whether it is in one just now, so that only a signal ends that.
    left: the descriptors whose waits a signal has ended.
    """

    def __init__(self) -> None:
        self.waiting = False
        self.left: set[int] = set()

    def answer(self, call: Callable[[int, A], R], fd: int, argument: A) -> R:
        """What ``call(fd, argument)`` returns.  Errors: Interrupted, when it has done nothing."""
        answers: list[R] = []
        calls = map(call, (fd,), (argument,))
        try:
            try:
                self.waiting = True
                answers.extend(calls)  # one step: called, and kept
            finally:
                self.waiting = False
        except Interrupted:
            if not answers:
                self.left.add(fd)
                raise
        return answers[0]

    def interrupt(self) -> None:
        """For a signal's handler: leave the call under way, if there is one.

        Handlers come only behind calls and in those that wait.  While ``waiting`` there is just
        the one, so what is raised here always comes to ``answer``.
        """
        if self.waiting:
            raise Interrupted
