"""Unicorn's TLB made larger while a program needs it larger.

The TLB begins with 256 entries, 1 MiB of pages.  Unicorn resizes it only in a flush: it doubles a
TLB that was well used since the flush before, and halves one that has hardly been used for some
time.  A process that runs alone flushes once, and would miss for ever.  So after two misses for
each entry the TLB is flushed.  Before that Unicorn is asked for translations of as many pages as
there are entries, because the pages that the program missed may share a few entries.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from emu.cpu.binding import Unicorn

FIRST: Final = 256
"""Entries that Unicorn begins with."""
LARGEST: Final = 1 << 16
"""Entries: 256 MiB of pages, more than the default RAM has, in 2 MiB of host memory."""
MISSES: Final = 2
"""Misses for each entry before the TLB grows."""
NEVER: Final = 0
"""The number of no fill: they count from 1."""


class Growth:
    """When the TLB is to grow, and how.

    due: the number of the fill at which it is to grow.  size: entries, as far as is known.
    """

    def __init__(self, unicorn: Unicorn, ask: Callable[[int, int], None]) -> None:
        """ask: ``Fills.ask``."""
        self._unicorn, self._ask = unicorn, ask
        self.size = FIRST
        self._since = 0
        self.due = MISSES * FIRST

    def flushed(self, fills: int) -> None:
        """The TLB is empty now, and as small as Unicorn may have made it.

        fills: how many there have been, ever.  Unicorn does not tell how large its TLB is, so
        ``size`` is a guess, and a low one: a guess of half the size costs an early flush, one that
        is too large costs avoidable misses.
        """
        if self.size > FIRST and fills - self._since < self.size // 4:
            self.size = max(self.size // 2, FIRST)
        self._since = fills
        self.due = fills + MISSES * self.size if self.size < LARGEST else NEVER

    def make_room(self, fills: int) -> None:
        """Double the number of entries.

        All translations are lost.  An access that crosses a page needs two at once, so more than
        two fills must lie between two calls.
        """
        self._ask(self._unicorn.uc.value or 0, self.size)
        self._unicorn.flush_tlb()
        self.size *= 2
        self._since = fills
        self.due = fills + MISSES * self.size if self.size < LARGEST else NEVER
