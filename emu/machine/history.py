"""The journal: who lately did what to frames and tables, kept so that a fault can be explained.

It is written at every call, so an entry is a plain tuple; ``emu.report`` reads it.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from kernel_model.abi import Error
from kernel_model.syscalls import CALLS

Act = tuple[int, ...]
"""Number in the run, pid, number of the call, r0-r3; of what is no call only the first three."""

BOOT, FAULT, SEMIHOSTING = -1, -2, -3
"""What stands in place of a call's number where the kernel acted on no call."""

CALLS_KEPT: Final = 16_384
ENTRIES_KEPT: Final = 16_384
REFUSALS_KEPT: Final = 256

TELLING: Final = frozenset(call.number for call in CALLS if call.changes)
"""The calls that change frames, tables or processes."""


class Journal:
    """The last calls that changed something, and each run of descriptors that changed.

    count: calls so far.  now: the act under way.
    calls: (act, result).  refusals: (act, error, why).
    entries: (act, pa, level, count, first old word, first new word).
    waiting: the last call of each process that blocked, by pid.
    faults: what each process did that nobody handled, by pid.
    """

    def __init__(self) -> None:
        self.count = 0
        self.now: Act = (0, 0, BOOT)
        self.calls: deque[tuple[Act, int | None]] = deque(maxlen=CALLS_KEPT)
        self.entries: deque[tuple[Act, int, int, int, int, int]] = deque(maxlen=ENTRIES_KEPT)
        self.refusals: deque[tuple[Act, Error, str]] = deque(maxlen=REFUSALS_KEPT)
        self.waiting: dict[int, Act] = {}
        self.faults: dict[int, str] = {}

    def fault(self, pid: int, headline: str) -> None:
        """A process is about to end by a fault."""
        self.now = (self.count, pid, FAULT)
        self.faults[pid] = headline
