"""Worlds that write down what another answers, and that answer so again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emu.environment.requests import Answer, Cause, Request
from emu.environment.world import World

Asked = tuple[int, Request, Answer]
"""A moment, a request, its answer."""


class Recorder:
    """Lets another world answer, and keeps what was said."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.interrupt, self.resume = world.interrupt, world.resume
        self.snapshot, self.restore = world.snapshot, world.restore
        self.log: list[Asked] = []

    def answer(self, request: Request, moment: int) -> Answer:
        answer = self._world.answer(request, moment)
        self.log.append((moment, request, answer))
        return answer


class ScriptedAnswers:
    """Answers as a recording has it, to the same requests at the same moments.

    output: what went to standard output and error.
    """

    def __init__(self, log: Sequence[Asked]) -> None:
        self._log = log
        self._next = 0
        self.output = {1: b"", 2: b""}

    def answer(self, request: Request, moment: int) -> Answer:
        then, recorded, answer = self._log[self._next]
        assert (moment, request) == (then, recorded)
        self._next += 1
        if request[0] == "write":
            self.output[request[1]] += request[2]
        return answer

    @property
    def is_at_end(self) -> bool:
        return self._next == len(self._log)

    def interrupt(self, cause: Cause) -> None:
        """It never waits."""

    def resume(self) -> None:
        """It never waits."""

    def snapshot(self) -> int:
        return self._next

    def restore(self, state: Any) -> None:
        self._next = state
