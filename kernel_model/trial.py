"""Calls made on trial: whether they would succeed, and what they would lead to.

A trial has a kernel of its own, over memory that keeps what is written to it: nothing of the
kernel that it was made from, and none of its RAM, changes.
"""

from __future__ import annotations

from array import array
from typing import Final

from kernel_model.errors import Refused
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_OFFSET, PAGE_SIZE, PhysicalMemory
from kernel_model.plan import PlannedCall
from kernel_model.trap import trap

_ZERO_PAGE: Final = bytes(PAGE_SIZE)
_ARGUMENTS = 4


class Overlay:
    """RAM as it would be after writes, which are kept here, page by page."""

    def __init__(self, under: PhysicalMemory) -> None:
        self.base, self.size = under.base, under.size
        self._under = under
        self._pages: dict[int, bytes] = {}

    @property
    def words(self) -> _Words:
        return _Words(self)

    def contains(self, pa: int, length: int = 1) -> bool:
        return self._under.contains(pa, length)

    def read(self, pa: int, length: int) -> bytes:
        return b"".join(
            self._page(page)[start:end] if page in self._pages else
            self._under.read(page + start, end - start)
            for page, start, end in _pieces(pa, length)
        )  # fmt: skip

    def write(self, pa: int, data: bytes) -> None:
        done = 0
        for page, start, end in _pieces(pa, len(data)):
            old, part = self._page(page), data[done : done + end - start]
            self._pages[page] = old[:start] + part + old[end:]
            done += end - start

    def zero(self, pa: int, length: int) -> None:
        for page, start, end in _pieces(pa, length):
            if end - start == PAGE_SIZE:
                self._pages[page] = _ZERO_PAGE
            else:
                self.write(page + start, bytes(end - start))

    def is_zero(self, pa: int, length: int) -> bool:
        return all(
            not any(self.read(page + start, end - start))
            for page, start, end in _pieces(pa, length)
        )

    def read_word(self, pa: int) -> int:
        return int.from_bytes(self.read(pa, 4), "little")

    def write_word(self, pa: int, word: int) -> None:
        self.write(pa, word.to_bytes(4, "little"))

    def read_words(self, pa: int, count: int) -> memoryview:
        """``count`` words at ``pa``, as they are now."""
        return memoryview(self.read(pa, count * 4)).cast("I")

    def write_words(self, pa: int, words: array[int]) -> None:
        self.write(pa, words.tobytes())

    def _page(self, page: int) -> bytes:
        kept = self._pages.get(page)
        return self._under.read(page, PAGE_SIZE) if kept is None else kept


class _Words:
    """The words of an overlay by their index."""

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay

    def __getitem__(self, index: int, /) -> int:
        return self._overlay.read_word(self._overlay.base + index * 4)


def _pieces(pa: int, length: int) -> list[tuple[int, int, int]]:
    """A range as parts of pages: each page's address, and the first and last offset in it."""
    pieces, end = [], pa + length
    while pa < end:
        page = pa & ~PAGE_OFFSET
        pieces.append((page, pa - page, min(end - page, PAGE_SIZE)))
        pa = page + PAGE_SIZE
    return pieces


class Trial:
    """A copy of a kernel, to make calls on that concern memory and never wait.

    kernel: as the calls so far leave it; its memory is an ``Overlay``.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel.copy(Overlay(kernel.memory))

    def refusal(self, pid: int, call: PlannedCall) -> Refused | None:
        """Make a call of process ``pid``, whosever turn it is: why it is refused, if it is.

        A call that the convention does not have is not made, and not refused.
        """
        kernel = self.kernel
        row = kernel.calls.of(call.operation)
        if row is None:
            return None
        words = [word & 0xFFFFFFFF for word in row.registers(call.arguments)]
        running, kernel.running[0] = kernel.running[0], kernel.processes[pid]
        trap(kernel, 0, row, (*words, *[0] * (_ARGUMENTS - len(words))))
        kernel.running[0] = running
        return kernel.refusal
