"""The recent history of frames, tables and processes, from which faults are explained.

Every call writes to it, so it keeps plain tuples; ``emu.report`` reads it.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from kernel_model.abi import Error
from kernel_model.call import CallRow, call_row
from kernel_model.errors import Refused
from kernel_model.events import (
    Event,
    FrameMerged,
    FrameMoved,
    FrameSplit,
    ProcessEnded,
    VspaceChanged,
)
from kernel_model.operations import Operation

CALLS_KEPT: Final = 16_384
DESCRIPTORS_KEPT: Final = 16_384
EVENTS_KEPT: Final = 16_384
REFUSALS_KEPT: Final = 256
FAULTS_KEPT: Final = 1024


def _no_call(name: str) -> CallRow:
    """A row for an entry into the kernel that was not a call."""
    return call_row(-1, name, Operation.NONE)


BOOT: Final = _no_call("boot")
FAULT: Final = _no_call("fault")
SEMIHOSTING: Final = _no_call("semihosting")


class KernelEntry(NamedTuple):
    """An entry into the kernel: what it was asked to do.

    number: calls so far, this one among them.  pid: of the process that asked.  call: the call, or
    BOOT, FAULT or SEMIHOSTING.  words: r0 to r3, of a call.
    """

    number: int
    pid: int
    call: CallRow
    words: tuple[int, ...] = ()


Moment = tuple[int, int, CallRow, tuple[int, ...]]
"""The members of a ``KernelEntry``: what is kept of each, because it takes less time to make."""


class RefusedCall(NamedTuple):
    """A call that failed.  why: in words, with its values."""

    entry: KernelEntry
    error: Error
    why: str


class Written(NamedTuple):
    """The write of ``entries`` descriptors from ``pa`` on.  old, new: the first of them."""

    entry: KernelEntry
    pa: int
    level: int
    entries: int
    old: int
    new: int


class Happening(NamedTuple):
    """An event of the kernel's, and the entry that brought it about."""

    entry: KernelEntry
    event: Event


KEPT_EVENTS: Final = (FrameSplit, FrameMerged, FrameMoved, VspaceChanged, ProcessEnded)
"""The kinds of events that tell how frames, vspaces and processes became what they are."""


class HistoryState(NamedTuple):
    """A history as a value, member by member."""

    made: int
    now: KernelEntry
    calls: tuple[tuple[KernelEntry, int | None], ...]
    written: tuple[Written, ...]
    events: tuple[Happening, ...]
    refusals: tuple[RefusedCall, ...]
    waiting: tuple[tuple[int, KernelEntry], ...]
    faults: tuple[tuple[int, str], ...]


class History:
    """The last entries into the kernel, the last descriptors written, the last refusals.

    made: calls so far.  under_way: the entry under way, or else the last one.
    writes: of descriptors, each the members of a ``Written``.
    waiting: the call of each process that is blocked in one, by pid.
    faults: the unhandled fault of each process, by pid.
    """

    def __init__(self) -> None:
        self.made = 0
        self.under_way: Moment = KernelEntry(0, 0, BOOT)
        self.calls: deque[tuple[KernelEntry, int | None]] = deque(maxlen=CALLS_KEPT)
        self.writes: deque[tuple[Moment, int, int, int, int, int]] = deque(maxlen=DESCRIPTORS_KEPT)
        self.events: deque[Happening] = deque(maxlen=EVENTS_KEPT)
        self.refusals: deque[RefusedCall] = deque(maxlen=REFUSALS_KEPT)
        self.waiting: dict[int, Moment] = {}
        self.faults: dict[int, str] = {}

    @property
    def now(self) -> KernelEntry:
        """The entry under way, or else the last one."""
        return KernelEntry(*self.under_way)

    @property
    def written(self) -> tuple[Written, ...]:
        """The last writes of descriptors, the oldest first."""
        return tuple(Written(KernelEntry(*entry), *what) for entry, *what in self.writes)

    def refused(self, entry: KernelEntry, refusal: Refused) -> None:
        """A call has failed."""
        self.refusals.append(RefusedCall(entry, refusal.error, refusal.text))

    def fault(self, pid: int, headline: str) -> None:
        """A process is about to end by a fault that no handler takes."""
        self.under_way = KernelEntry(self.made, pid, FAULT)
        self.faults[pid] = headline
        if len(self.faults) > FAULTS_KEPT:
            del self.faults[next(iter(self.faults))]

    def forget(self, pid: int) -> None:
        """A process has ended: drop the call that it waited in."""
        self.waiting.pop(pid, None)

    def snapshot(self) -> HistoryState:
        """The history as a value."""
        return HistoryState(
            self.made, self.now, tuple(self.calls), self.written, tuple(self.events),
            tuple(self.refusals), self._waiting(), tuple(self.faults.items()),
        )  # fmt: skip

    def _waiting(self) -> tuple[tuple[int, KernelEntry], ...]:
        return tuple((pid, KernelEntry(*entry)) for pid, entry in self.waiting.items())

    def restore(self, state: HistoryState) -> None:
        """Become what a history was."""
        self.made, self.under_way = state.made, state.now
        self.calls = deque(state.calls, CALLS_KEPT)
        self.writes = deque(state.written, DESCRIPTORS_KEPT)
        self.events = deque(state.events, EVENTS_KEPT)
        self.refusals = deque(state.refusals, REFUSALS_KEPT)
        self.waiting, self.faults = dict(state.waiting), dict(state.faults)
