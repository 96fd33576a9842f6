"""Where Thumb instructions begin: the first bits of each give its length."""

from __future__ import annotations

from emu.cpu.memory import PythonMemory

_LONG = 0xE800
"""From here on a halfword is the first of two: Arm ARM DDI 0406C, A6.1."""

MANY_BLOCKS = 50_000
"""With more than this, all known blocks are forgotten."""


def thumb_length(halfword: int) -> int:
    """Bytes of the instruction whose first halfword this is."""
    return 4 if halfword >= _LONG else 2


class ThumbCode:
    """Thumb code in memory.  Blocks that were looked at are only compared the next time."""

    def __init__(self, memory: PythonMemory) -> None:
        self._memory = memory
        self._known: dict[int, tuple[bytes, int]] = {}

    def starts(self, va: int, size: int) -> list[int]:
        """The addresses of the instructions in [va, va + size), the first of which is at va."""
        starts, end = [], va + size
        while va < end:
            starts.append(va)
            va += thumb_length(self._memory.halfword(va))
        return starts

    def number(self, va: int, size: int) -> int:
        """How many instructions a block holds."""
        code = self._memory.read(va, size)
        known = self._known.get(va)
        if known is None or known[0] != code or not code:
            if len(self._known) > MANY_BLOCKS:
                self._known.clear()
            known = self._known[va] = code, len(self.starts(va, size))
        return known[1]
