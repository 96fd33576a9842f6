"""Runs a machine from one thing that is looked for to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emu.machine.outcome import How, Outcome
from emu.watchpoints.watchpoints import Watchpoints

if TYPE_CHECKING:
    from emu.machine.machine import Machine
    from emu.machine.observers import Observer
    from emu.watchpoints.watch import Hit, Watch


def _nothing() -> None:
    """Do nothing."""


class Search:
    """What is looked for: addresses of code, accesses, and what observers pause at.

    hit: the access at which the machine has stopped, or None.  reached: how the last run ended.
    """

    def __init__(
        self,
        machine: Machine,
        addresses: Sequence[int] = (),
        observers: Sequence[Observer] = (),
        watches: Sequence[Watch] = (),
        renew: Callable[[], None] = _nothing,
    ) -> None:
        """renew: called before the next one is looked for."""
        self._machine, self._addresses, self._observers = machine, addresses, observers
        self._renew = renew
        self._watchpoints = Watchpoints(machine) if watches else None
        if self._watchpoints is not None:
            self._watchpoints.set(watches)
        self.hit: Hit | None = None
        self.reached: Outcome | None = None

    def go(self, count: int) -> Outcome:
        """Run to the next one, or for so many instructions.  An access here is passed."""
        machine, watchpoints, hit = self._machine, self._watchpoints, self.hit
        self.hit = None
        self._renew()
        if watchpoints is not None and hit is not None and self._is_at(hit):
            watchpoints.passes = True
            before, reached = machine.instructions, machine.run_for(1)
            watchpoints.passes = False
            count -= machine.instructions - before
            if reached.how is not How.COUNT or count <= 0:
                return reached
        self.reached = machine.run_until(self._addresses, count, self._observers)
        if watchpoints is not None:
            self.hit = watchpoints.take()
        return self.reached

    def _is_at(self, hit: Hit) -> bool:
        running, registers = self._machine.running, self._machine.core.engine.registers
        return running is not None and (hit.pid, hit.pc) == (running.pid, registers.pc)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Within, nothing is watched."""
        watchpoints = self._watchpoints
        if watchpoints is None:
            yield
            return
        watches = watchpoints.all
        watchpoints.set(())
        try:
            yield
        finally:
            watchpoints.set(watches)

    def close(self) -> None:
        """Look for nothing more."""
        if self._watchpoints is not None:
            self._watchpoints.set(())
