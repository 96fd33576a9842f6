"""A machine that can go back: to any place of its run, and to what happened last before one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from emu.api.console import Console, KeptWorld
from emu.api.machine import Goal, Machine, Stop
from emu.machine.machine import Machine as Engine
from emu.machine.observers import Observer
from emu.machine.outcome import Outcome
from emu.machine.snapshot import Snapshot
from emu.recording.timeline import BOUND, PastError, Timeline
from emu.recording.world import LoggedWorld
from emu.watchpoints.search import Search
from emu.watchpoints.watch import Watch
from kernel_model.descriptors import READ, WRITE

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles

Place = int | tuple[int, int]
"""An address (va) of a word, or an address and a length in bytes."""


class RewindableMachine(Machine):
    """A machine that can go back, made by ``emu.load(..., rewind=True)`` or ``emu.replay``.

    What a script changes in it, it forgets its past at: that past would not lead there again.
    While an injection stands, it cannot go back.
    Callbacks are told of what happens for the first time, and not of what is run again.
    """

    def __init__(
        self,
        engine: Engine,
        kept: KeptWorld,
        notes: list[str],
        debug: Callable[[], DebugFiles],
        bound: int = BOUND,
    ) -> None:
        """kept: has the output of the engine's world, a LoggedWorld.  bound: bytes of snapshots."""
        super().__init__(engine, kept, notes, debug)
        world = engine.world
        assert isinstance(world, LoggedWorld)
        self.console = Console(kept, lambda: world.position.written)
        self._timeline = Timeline(engine, world, bound)
        self._timeline.hidden = lambda: [self._reporter, *self._observers.values()]
        self._is_changed = False

    # Backwards

    def go_to(
        self, instructions: int | None = None, *, call: int | None = None, end: bool = False
    ) -> Stop:
        """Go to a place of the run, before or after this one, or to the end if that comes first.

        instructions: so many have executed.  call: so many calls are decided.  end: the run's end.
        Errors: PastError, for a place before the first that is known; ValueError.
        """
        if (instructions is not None) + (call is not None) + end != 1:
            raise ValueError("go_to: one of instructions, call and end")
        self._check_repeatable()
        with self._running.run("Machine.go_to"):
            self._settle()
            if instructions is not None:
                return self._stop(self._timeline.go_to(instructions), None)
            if call is not None:
                return self._to_call(call)
            return self._stop(self._timeline.run(self._engine.run_for), None)

    def step_back(self, count: int = 1) -> Stop:
        """Go back by ``count`` instructions; from within an IT block, to its start.

        Errors: PastError; ValueError, for a count below 0.
        """
        if count < 0:
            raise ValueError(f"step_back: {count}")
        self._check_repeatable()
        with self._running.run("Machine.step_back"):
            self._settle()
            return self._stop(self._timeline.step_back(count), None)

    def run_back_until(
        self,
        *,
        call: str | Collection[str] | None = None,
        pc: int | None = None,
        symbol: str | None = None,
        write: Place | None = None,
        read: Place | None = None,
        pid: int | None = None,
        fault: bool = False,
    ) -> Stop | None:
        """Go back to the last of these before this place; None, at the first place, if none was.

        call, pc, symbol, fault: as in ``run_until``.  write, read: an instruction is about to store
        there, or to load from there.  pid: in which process; None: the one that runs, or proc0.
        """
        goal = Goal(self._engine, call, fault, self._describe)
        addresses = self._places(pc, symbol)
        running = self._engine.running
        who = pid if pid is not None else running.pid if running is not None else 0
        watches = [
            Watch(access, *(place if isinstance(place, tuple) else (place, 4)), who)
            for access, place in ((WRITE, write), (READ, read))
            if place is not None
        ]
        self._check_repeatable()
        with self._running.run("Machine.run_back_until"):
            self._settle()
            search = Search(self._engine, addresses, goal.observers, watches, goal.renew)
            self._timeline.undisturbed = search.undisturbed
            try:
                found = self._timeline.find_last(self.instructions, search.go)
            finally:
                self._timeline.undisturbed = nullcontext
                search.close()
            return self._found(search, goal) if found else None

    def _found(self, search: Search, goal: Goal) -> Stop:
        assert search.reached is not None
        found = self._stop(search.reached, goal)
        if search.hit is not None:
            return found._replace(reason="write" if search.hit.is_write else "read")
        return found

    def _to_call(self, number: int) -> Stop:
        left = self._timeline.go_before_call(number)
        goal = Goal(self._engine, left, False, self._describe)
        return self._stop(self._ahead((), 0, goal.observers), goal)

    # Forwards

    def _forward(
        self, addresses: Sequence[int], count: int, observers: Sequence[Observer]
    ) -> Outcome:
        self._settle()
        return self._ahead(addresses, count, observers)

    def _ahead(
        self, addresses: Sequence[int], count: int, observers: Sequence[Observer]
    ) -> Outcome:
        engine, end = self._engine, self.instructions + count if count else 0
        return self._timeline.run(
            lambda most: engine.run_until(addresses, most, observers),
            end,
            lambda: engine.next_pc in addresses,
        )

    def _settle(self) -> None:
        """Forget the past if the machine has been changed since."""
        if self._is_changed:
            self._is_changed = False
            self._timeline.forget()

    def _check_repeatable(self) -> None:
        """Errors: PastError."""
        if self._injections.stand:
            raise PastError("what was injected cannot be run again")

    # What is changed from outside

    def _written(self, pid: int | None) -> None:
        self._is_changed = True
        super()._written(pid)

    def retry(self) -> None:
        self._is_changed = True
        super().retry()

    def restore(self, state: Snapshot) -> None:
        """Become what this machine was.

        Errors: MachineRunningError, while it runs; ValueError, for a snapshot of another machine,
        or of what this one has forgotten.
        """
        world = self._engine.world
        assert isinstance(world, LoggedWorld)
        with world.going():
            super().restore(state)
        self._is_changed = True

    def _check_known(self, state: Snapshot) -> None:
        if not self._engine.world.knows(state.outside.world):
            raise ValueError("restore: the snapshot is not one of this machine's past")

    def _injected(self) -> None:
        self._is_changed = True
