"""Counting how often each block of each program executed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from emu.execution.code import Code
from emu.execution.executed import Block, BlockUser
from emu.execution.sources import executed_blocks

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile


class Span(NamedTuple):
    """Code that executed as a whole: ``size`` bytes at ``va`` of a file's program."""

    file: DebugFile
    va: int
    size: int


class ExecutionCounter(BlockUser):
    """Counts executions; ``spans`` gives what has been counted so far.

    Code counts for a program if it is what the program's file has at that address: code that a
    program writes while it runs belongs to no file.
    blocks: the source of blocks, an observer.
    """

    def __init__(self, code: Code) -> None:
        self._code = code
        self._done: Counter[Span] = Counter()
        self._spans: list[Span | None] = []
        self.blocks = executed_blocks(code, self)

    def spans(self) -> Iterator[tuple[Span, int]]:
        """What has executed and how often, by file and address."""
        self._gather()
        done = [item for item in self._done.items() if item[1]]
        return iter(sorted(done, key=lambda item: (item[0].file.name, item[0][1:])))

    # What the source of blocks tells

    def made(self, block: Block) -> None:
        self._spans.append(span_of(self._code, block.va, block.code))

    def left(self, number: int, pc: int) -> None:
        span = self._spans[number]
        if span is not None and span.va <= pc < span.va + span.size:
            self._done[span] -= 1
            if pc > span.va:
                self._done[span._replace(size=pc - span.va)] += 1

    def forgotten(self) -> None:
        self._gather()
        self._spans.clear()

    def _gather(self) -> None:
        for span, count in zip(self._spans, self.blocks.take_counts(), strict=True):
            if span is not None:
                self._done[span] += count


def span_of(code: Code, va: int, instructions: bytes) -> Span | None:
    """The span of a block in the process that runs; None for code that is in no file."""
    file = code.file(va, instructions)
    if file is None or file.read(va, len(instructions)) != instructions:
        return None
    return Span(file, va, len(instructions))


class Counts:
    """How often each address of one program was executed."""

    def __init__(self, spans: list[tuple[Span, int]]) -> None:
        steps: Counter[int] = Counter()
        for span, count in spans:
            steps[span.va] += count
            steps[span.va + span.size] -= count
        self._starts = sorted(steps)
        self._counts: list[int] = []
        running = 0
        for start in self._starts:
            running += steps[start]
            self._counts.append(running)

    def at(self, va: int) -> int:
        index = bisect_right(self._starts, va) - 1
        return self._counts[index] if index >= 0 else 0

    def any(self, start: int, end: int) -> bool:
        """Whether anything in [start, end) was executed."""
        first = bisect_right(self._starts, start) - 1
        return any(self._counts[max(first, 0) : bisect_left(self._starts, end)])
