"""Unicorn's TLB made larger while a program needs it larger.

It begins with 256 entries, 1 MiB of pages, and Unicorn changes that only in a flush: it doubles
what was well used since the flush before, and halves what for some time hardly was.  A process that
runs alone flushes once, and would miss for ever.  So when there were two misses for each entry,
there is a flush, and before it Unicorn is asked for translations of as many pages as there are
entries: those that the program missed may all have the same few entries.
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
"""For each entry, before there are to be more of them."""
NEVER: Final = 0
"""A number of fills that there never is."""


class Growth:
    """When the TLB is to grow, and how.

    due: the number of fills at which it is.  size: entries, as far as we know.
    """

    def __init__(self, unicorn: Unicorn, ask: Callable[[int, int], None]) -> None:
        """ask: ``Fills.ask``."""
        self._unicorn, self._ask = unicorn, ask
        self.size = FIRST
        self._since = 0
        self.due = MISSES * FIRST

    def flushed(self, fills: int) -> None:
        """The TLB is empty now, and as small as Unicorn may have made it.

        fills: how many there have been, ever.  How large Unicorn's TLB is nobody can ask, so this
        is a guess, and a low one: to be too small by half costs an early flush, to be too large
        more misses than there need be.
        """
        if fills - self._since < self.size // 4:
            self.size = max(self.size // 2, FIRST)
        self._begin(fills)

    def make_room(self, fills: int) -> None:
        """Have twice as many entries.

        All translations are lost.  An access that crosses a page needs two at once, so there must
        be more than two fills from one time to the next.
        """
        self._ask(self._unicorn.uc.value or 0, self.size)
        self._unicorn.flush_tlb()
        self.size *= 2
        self._begin(fills)

    def _begin(self, fills: int) -> None:
        self._since = fills
        self.due = fills + MISSES * self.size if self.size < LARGEST else NEVER
