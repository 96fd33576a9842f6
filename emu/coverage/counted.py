"""Counting executions with the hooks in C."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

from emu.coverage.executed import Span, in_order, span_of
from emu.execution.code import Code
from emu.execution.table import BlockTable


class _Place(NamedTuple):
    """Where a block is.  span: None for code that is in no file."""

    va: int
    size: int
    span: Span | None


class NativeExecutionCounter(BlockTable):
    """Does what ``ExecutionCounter`` does."""

    def __init__(self, code: Code, hooks: ModuleType) -> None:
        self._done: Counter[Span] = Counter()
        self._places: list[_Place] = []
        super().__init__(code, hooks)

    def made(self, number: int, va: int, code: bytes) -> None:  # noqa: ARG002 - the next one
        self._places.append(_Place(va, len(code), span_of(self.code, va, code)))

    def left(self, number: int, pc: int) -> None:
        va, size, span = self._places[number]
        if span is not None and va <= pc < va + size:
            self._done[span] -= 1
            if pc > va:
                self._done[span._replace(size=pc - va)] += 1

    def forget(self) -> None:
        self._gather()
        self._places.clear()

    def _gather(self) -> None:
        for place, count in zip(self._places, self.blocks.take(), strict=True):
            if place.span is not None:
                self._done[place.span] += count

    def spans(self) -> Iterator[tuple[Span, int]]:
        """What has executed and how often, by file and address."""
        self._gather()
        return in_order(self._done)
