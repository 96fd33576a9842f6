"""The past of a machine: snapshots of it at intervals, between which it runs again.

A run is repeated from the log of its outside, so that what is past can be seen again from any
snapshot before it.  A place in a run is a number of instructions; the machine is there as it is
after ``Machine.run_for``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, NamedTuple

from emu.machine.machine import Machine
from emu.machine.observers import Observer
from emu.machine.outcome import How, Outcome, outcome, outcome_of
from emu.machine.snapshot import Snapshot
from emu.machine.turns import stopped_by
from emu.recording.world import LoggedWorld
from kernel_model.memory import PAGE_SIZE

INTERVAL: Final = 10_000_000
"""Instructions between snapshots."""
BOUND: Final = 512 << 20
"""Bytes of snapshots that are kept, at most."""
_WINDOW: Final = 2_000
"""Instructions that are looked at first when something is looked for backwards."""
_WIDER: Final = 8
"""How many times as many are looked at next."""
_LONGEST_BLOCK: Final = 4
"""Instructions of an IT block, which are run as one."""
_PER_SNAPSHOT: Final = 32 << 10
"""Bytes that a snapshot takes beside its pages, about."""


class PastError(Exception):
    """There is no such place in the past of this machine; the text says why."""


class Kept(NamedTuple):
    """A snapshot that is kept.  size: bytes of pages that the one before does not have."""

    moment: int
    state: Snapshot
    size: int


class Timeline:
    """The past of one machine, from where it is now on; and, from a recording, its future."""

    def __init__(
        self, machine: Machine, world: LoggedWorld, bound: int = BOUND, interval: int = INTERVAL
    ) -> None:
        """world: the machine's.  bound: bytes of snapshots.  interval: instructions."""
        self._machine, self._world = machine, world
        self.hidden: Callable[[], Iterable[Observer]] = tuple
        """The observers that are told only of what happens for the first time."""
        self.undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext
        """Within, nothing that looks at the machine pauses it."""
        self._furthest, self._ended_at = 0, -1
        self._is_hiding = False
        self._bound, self._interval = bound, interval
        machine.count_instructions()
        world.note_done()
        self._kept: list[Kept] = []
        self._keep()

    @property
    def now(self) -> int:
        """Instructions executed so far."""
        return self._machine.instructions

    @property
    def begin(self) -> int:
        """The first place that is known."""
        return self._kept[0].moment

    @property
    def kept(self) -> list[int]:
        """The places of the snapshots."""
        return [one.moment for one in self._kept]

    @property
    def is_recorded(self) -> bool:
        """Whether the run is that of a recording, so that it cannot be another."""
        return self._world.is_recorded

    def forget(self) -> None:
        """The machine was changed from outside: what was before cannot lead here again."""
        self._world.cut(self.now)
        self._furthest, self._ended_at = self.now, -1
        self._kept.clear()
        self._keep()

    def start_over(self, state: Snapshot) -> None:
        """Become what the machine was before it first ran, with no past."""
        with self._world.going():
            self._machine.restore(state)
        self.forget()

    # Forwards

    def run(
        self,
        go: Callable[[int], Outcome],
        end: int = 0,
        stops_here: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Run by ``go`` until it stops for a reason of its own, and keep snapshots meanwhile.

        go: runs for at most so many instructions.  end: the place at which to stop at the latest;
        0: none.  stops_here: whether ``go`` would have stopped where a piece of the run has ended.
        """
        with self._machine.heeding():
            return self._run(go, end, stops_here)

    def _run(
        self, go: Callable[[int], Outcome], end: int, stops_here: Callable[[], bool]
    ) -> Outcome:
        last, machine = self._world.last, self._machine
        while not machine.has_ended:
            if last is not None and self.now >= last:
                return self._beyond(last)
            due, is_past = self._due(), self._is_past
            bounds = [due, end, last, max(self._furthest, self.now + 1) if is_past else 0]
            with self._hiding() if is_past else nullcontext():
                reached = go(min(bound for bound in bounds if bound) - self.now)
            self._furthest = max(self._furthest, self.now)
            if machine.core.fault is not None or machine.has_ended:
                self._ended_at = self.now
            if reached.how is not How.COUNT:
                return reached
            if self.now >= due:
                self._keep()
            if end and self.now >= end:
                return reached
            if stops_here():
                return outcome(How.ADDRESS)
        return outcome_of(machine.kernel.halted)

    @property
    def _is_past(self) -> bool:
        """Whether what happens next has happened before: perhaps an instruction that has no end."""
        if self.now < self._furthest:
            return True
        return self.now == self._ended_at and self._machine.core.fault is None

    def _beyond(self, last: int) -> Outcome:
        """What ended the run that was recorded, from outside.  Errors: PastError."""
        stops = self._world.log.stops
        if stops and stops[-1].moment == last:
            return stopped_by(stops[-1].cause)
        raise PastError(f"the run is known for {last} instructions")

    def _due(self) -> int:
        """The place at which the next snapshot is kept."""
        at = bisect_right(self._kept, self.now, key=lambda one: one.moment)
        due = self.now + self._interval
        return min(due, self._kept[at].moment) if at < len(self._kept) else due

    # To a place

    def go_to(self, moment: int) -> Outcome:
        """Go to a place, before or after this one; COUNT, or how the run ended before it.

        Errors: PastError, for a place before the first that is known.
        """
        if moment < self.begin:
            raise PastError(f"the past is known from {self.begin} instructions on")
        at = bisect_right(self._kept, moment, key=lambda one: one.moment) - 1
        if moment <= self.now or self._kept[at].moment > self.now:
            self._restore(self._kept[at])
        if self.now == moment:
            return outcome(How.COUNT)
        with self.undisturbed():
            return self.run(self._machine.run_for, moment)

    def go_to_end(self) -> Outcome:
        """Go as far as the run is known: to its end in a recording, else where it was farthest."""
        if self.is_recorded:
            with self.undisturbed():
                return self.run(self._machine.run_for)
        return self.go_to(self._furthest)

    def step_back(self, count: int = 1) -> Outcome:
        """Go back by so many instructions; from within an IT block, to its start.

        Errors: PastError.
        """
        place = self.now - count
        reached = self.go_to(place)
        for earlier in range(place - 1, place - 1 - _LONGEST_BLOCK, -1):
            if self.now <= place:
                break
            reached = self.go_to(earlier)
        return reached

    def go_before_call(self, number: int) -> int:
        """Be where fewer than so many calls are decided; how many more there are to be.

        Errors: PastError.
        """
        if self._machine.history.made >= number:
            self.go_to(self._before_call(number))
        return number - self._machine.history.made

    def _before_call(self, number: int) -> int:
        """The place of the last snapshot before so many calls were decided.  Errors: PastError."""
        for kept in self._kept[::-1]:
            if _made(kept) < number:
                return kept.moment
        made = _made(self._kept[0])
        raise PastError(f"the past is known from call {made + 1} on")

    def _restore(self, kept: Kept) -> None:
        with self._world.going():
            self._machine.restore(kept.state)

    @contextmanager
    def _hiding(self) -> Iterator[None]:
        """Run what is past."""
        observers, hidden = self._machine.observers, list(self.hidden())
        if self._is_hiding:
            hidden.clear()
        was, self._is_hiding = self._is_hiding, True
        for one in hidden:
            observers.remove(one)
        try:
            yield
        finally:
            self._is_hiding = was
            for one in hidden:
                observers.add(one)

    def find_last(self, before: int, go: Callable[[int], Outcome]) -> bool:
        """Go to the last stop of ``go`` before a place, as if it had been reached forwards.

        go: runs for at most so many instructions, and stops elsewhere for a reason of its own.
        False: there is none; the machine is where its past begins.
        Errors: PastError, if it is interrupted.
        """
        with self._hiding():
            return self._find_last(before - 1, go)

    def _find_last(self, last: int, go: Callable[[int], Outcome]) -> bool:
        size = _WINDOW
        while last >= self.begin:
            first = max(last - size, self.begin)
            self._go_on_to(first)
            count = self._stops(go, last)
            if count:
                self._go_on_to(first)
                for _ in range(count):
                    go(last + 1 - self.now)
                return True
            last, size = first - 1 if first == self.begin else first, size * _WIDER
        self.go_to(self.begin)
        return False

    def _go_on_to(self, moment: int) -> None:
        reached = self.go_to(moment)
        if reached.how is not How.COUNT and not reached.is_final:
            raise PastError("the way there was interrupted")

    def _stops(self, go: Callable[[int], Outcome], last: int) -> int:
        """How often ``go`` stops from here to ``last``, that place included."""
        count = 0
        while self.now <= last and not self._machine.has_ended:
            reached = go(last + 1 - self.now)
            if reached.how is How.COUNT or reached.is_final or self.now > last:
                break
            count += 1
        return count

    # Keeping

    def _keep(self) -> None:
        """Keep a snapshot of this place, if there is none."""
        at = bisect_right(self._kept, self.now, key=lambda one: one.moment)
        if at and self._kept[at - 1].moment == self.now:
            return
        state = self._machine.snapshot()
        size = _size(state, self._kept[at - 1].state if at else None)
        self._kept.insert(at, Kept(self.now, state, size))
        while sum(one.size for one in self._kept) > self._bound and len(self._kept) > 2:
            self._drop()

    def _drop(self) -> None:
        """Drop the snapshot that is missed least: the older, the fewer there are."""
        kept, newest = self._kept, self._kept[-1].moment

        def worth(at: int) -> float:
            gap = kept[at + 1].moment - kept[at - 1].moment
            return gap / (newest - kept[at].moment + self._interval)

        least = min(range(1, len(kept) - 1), key=worth)
        del kept[least]
        after = kept[least]
        kept[least] = after._replace(size=_size(after.state, kept[least - 1].state))


def _size(state: Snapshot, before: Snapshot | None) -> int:
    """Bytes that a snapshot takes beside the one before."""
    shared = before.ram if before is not None else {}
    own = sum(shared.get(pa) is not page for pa, page in state.ram.items())
    return own * PAGE_SIZE + _PER_SNAPSHOT


def _made(kept: Kept) -> int:
    """Calls of the kernel up to there."""
    made: int = kept.state.history.made
    return made
