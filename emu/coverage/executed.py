"""Counting executions: how often each block of each program ran."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from emu.execution.blocks import Block, BlockWatcher
from emu.execution.code import Code

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile


class Span(NamedTuple):
    """Code that executed as a whole: ``size`` bytes at ``va`` of a file's program."""

    file: DebugFile
    va: int
    size: int


class Counted(Block):
    """A block and how often it began.  span: None for code that is in no file."""

    __slots__ = ("count", "span")

    def __init__(self, va: int, code: bytes, offset: int, span: Span | None) -> None:
        super().__init__(va, code, offset, switches=False)  # to coverage Arm and Thumb are the same
        self.span = span
        self.count = 0


class ExecutionCounter(BlockWatcher[Counted]):
    """Counts blocks; ``spans`` says what has been counted so far.

    Code counts for a program where it is what the program's file has at that address: code that
    a program writes while it runs belongs to no file.
    """

    def __init__(self, code: Code) -> None:
        self._done: Counter[Span] = Counter()
        self._counting: list[Counted] = []
        super().__init__(code)

    def enter(self, block: Counted) -> None:
        block.count += 1

    def leave(self, pc: int) -> None:
        last = self.last
        assert last is not None
        if pc not in last:
            return
        last.count -= 1
        if last.span is not None and pc > last.va:
            self._done[last.span._replace(size=pc - last.va)] += 1

    def make(self, va: int, code: bytes, offset: int) -> Counted:
        block = Counted(va, code, offset, span_of(self.code, va, code))
        self._counting.append(block)
        return block

    def _forget(self) -> None:
        self._gather()
        super()._forget()

    def _gather(self) -> None:
        """Add up the blocks at hand, which may be forgotten then."""
        for block in self._counting:
            if block.span is not None and block.count:
                self._done[block.span] += block.count
                block.count = 0
        if self.last is None:
            self._counting.clear()

    def spans(self) -> Iterator[tuple[Span, int]]:
        """What has executed and how often, by file and address."""
        self._gather()
        return in_order(self._done)


def span_of(code: Code, va: int, instructions: bytes) -> Span | None:
    """The span that a block is in the process that runs; None for code that is in no file."""
    file = code.file(va, instructions)
    if file is None or file.read(va, len(instructions)) != instructions:
        return None
    return Span(file, va, len(instructions))


def in_order(counts: Counter[Span]) -> Iterator[tuple[Span, int]]:
    """What has executed, by file and address."""
    done = [item for item in counts.items() if item[1]]
    return iter(sorted(done, key=lambda item: (item[0].file.name, item[0][1:])))


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
