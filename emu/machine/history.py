"""What happened lately to frames, tables and processes, kept so that a fault can be explained.

It is written while calls are answered, so it keeps plain tuples; ``emu.report`` reads it.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from kernel_model.abi import Error
from kernel_model.call import Call
from kernel_model.errors import Refused

CALLS_KEPT: Final = 16_384
DESCRIPTORS_KEPT: Final = 16_384
REFUSALS_KEPT: Final = 256
FAULTS_KEPT: Final = 1024


def _no_call(name: str) -> Call:
    """What stands in place of a call where the kernel acted on none."""
    return Call(-1, name, (), _never, "zero", "", name, (), True)


def _never(*_: object) -> int:
    raise AssertionError("this is no call")


BOOT: Final = _no_call("boot")
FAULT: Final = _no_call("fault")
SEMIHOSTING: Final = _no_call("semihosting")


class Act(NamedTuple):
    """What the kernel was asked to do.

    number: calls so far, this one among them.  pid: by whom.  words: r0 to r3, where it was a call.
    """

    number: int
    pid: int
    call: Call
    words: tuple[int, ...] = ()


class RefusedAct(NamedTuple):
    """A call that failed.  why: in words, with its values."""

    act: Act
    error: Error
    why: str


class Written(NamedTuple):
    """``entries`` of a table that were written from ``pa`` on.  old, new: the first of them."""

    act: Act
    pa: int
    level: int
    entries: int
    old: int
    new: int


class HistoryState(NamedTuple):
    """A history as a value, member by member."""

    made: int
    now: Act
    calls: tuple[tuple[Act, int | None], ...]
    written: tuple[Written, ...]
    refusals: tuple[RefusedAct, ...]
    waiting: tuple[tuple[int, Act], ...]
    faults: tuple[tuple[int, str], ...]


class History:
    """The last acts, the last entries written, the last refusals.

    made: calls so far.  under_way: the act under way, or else the last one, as ``Act`` has it.
    waiting: the call of each process that is blocked in one, by pid.
    faults: what each process did that nobody handled, by pid.
    """

    def __init__(self) -> None:
        self.made = 0
        self.under_way: tuple[int, int, Call, tuple[int, ...]] = Act(0, 0, BOOT)
        self.calls: deque[tuple[Act, int | None]] = deque(maxlen=CALLS_KEPT)
        self.written: deque[Written] = deque(maxlen=DESCRIPTORS_KEPT)
        self.refusals: deque[RefusedAct] = deque(maxlen=REFUSALS_KEPT)
        self.waiting: dict[int, Act] = {}
        self.faults: dict[int, str] = {}

    @property
    def now(self) -> Act:
        """The act under way, or else the last one: made an ``Act`` only when somebody asks."""
        return Act(*self.under_way)

    def refused(self, act: Act, refusal: Refused) -> None:
        """A call has failed."""
        self.refusals.append(RefusedAct(act, refusal.error, refusal.text))

    def semihosting(self, pid: int) -> None:
        """What follows is done for a semihosting call."""
        self.under_way = Act(self.made, pid, SEMIHOSTING)

    def fault(self, pid: int, headline: str) -> None:
        """A process is about to end by a fault."""
        self.under_way = Act(self.made, pid, FAULT)
        self.faults[pid] = headline
        if len(self.faults) > FAULTS_KEPT:
            del self.faults[next(iter(self.faults))]

    def forget(self, pid: int) -> None:
        """A process is gone, and waits for nothing any more."""
        self.waiting.pop(pid, None)

    def snapshot(self) -> HistoryState:
        """All of it as a value."""
        return HistoryState(
            self.made, self.now, tuple(self.calls), tuple(self.written), tuple(self.refusals),
            tuple(self.waiting.items()), tuple(self.faults.items()),
        )  # fmt: skip

    def restore(self, state: HistoryState) -> None:
        """Make all of it what it was."""
        self.made, self.under_way = state.made, state.now
        self.calls = deque(state.calls, CALLS_KEPT)
        self.written = deque(state.written, DESCRIPTORS_KEPT)
        self.refusals = deque(state.refusals, REFUSALS_KEPT)
        self.waiting, self.faults = dict(state.waiting), dict(state.faults)
