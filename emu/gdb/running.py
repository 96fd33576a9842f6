"""Runs a machine for a debugger, and stops it where the debugger wants to be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emu.execution.code import Code
from emu.gdb.breakpoints import Breakpoints
from emu.gdb.events import CallCatcher, Events
from emu.gdb.stops import END, Signal, Stopped, signal_of
from emu.gdb.target import Target
from emu.machine.outcome import How, Outcome, outcome
from emu.recording.timeline import PastError
from emu.watchpoints.watch import PHYSICAL, Hit, Watch
from emu.watchpoints.watchpoints import Watchpoints
from kernel_model.descriptors import READ, WRITE
from kernel_model.kernel import PROC0
from kernel_model.process import Exited, Process

if TYPE_CHECKING:
    from kernel_model.kernel import Kernel

_WATCHED = {READ: "rwatch", WRITE: "watch", READ | WRITE: "awatch"}


class Runner:
    """Runs one target.

    is_interrupted: whether the debugger has asked for a stop.
    """

    def __init__(self, target: Target) -> None:
        self.target, self.machine = target, target.machine
        self.breakpoints = Breakpoints(target.machine, target.inferiors, self._begins)
        self.watchpoints = Watchpoints(target.machine)
        self.catcher = CallCatcher(target.machine, lambda pid: pid in target.attached)
        self.is_interrupted = False
        self._hit: Hit | None = None
        self._watched: list[Watch] = []
        """What is watched: of all threads of an inferior, if it is one's."""
        self._events = Events(target.machine, target)
        target.machine.observers.add(self._events)

    def release(self) -> None:
        """The debugger has gone: remove its breakpoints, watchpoints and catchpoints."""
        self.breakpoints.clear()
        self._watched.clear()
        self._spread()
        self.catcher.catch(frozenset())

    def close(self) -> None:
        """Detach from the machine."""
        self.release()
        self.machine.observers.remove(self._events)

    def interrupt(self) -> None:
        """Stop the machine as soon as possible.  From any thread."""
        self.is_interrupted = True
        self.machine.interrupt()

    def watch(self, watch: Watch, is_wanted: bool) -> None:
        """Begin or cease to watch a range, of RAM or of an inferior in place of a process."""
        others = [one for one in self._watched if one != watch]
        self._watched = [*others, watch] if is_wanted else others
        self._spread()

    def _spread(self) -> None:
        """Watch what is watched of an inferior for each of its threads there are now."""
        wanted = [
            watch._replace(pid=pid) for watch in self._watched for pid in self._watchers(watch)
        ]
        if tuple(wanted) != self.watchpoints.all:
            self.watchpoints.set(wanted)

    def _watchers(self, watch: Watch) -> list[int]:
        return [PHYSICAL] if watch.pid == PHYSICAL else self.target.inferiors.members(watch.pid)

    def forget(self, inferior: int) -> None:
        """The debugger no longer debugs this inferior."""
        self.breakpoints.forget(inferior)
        self._watched = [one for one in self._watched if one.pid != inferior]
        self._spread()
        self.target.detach(inferior)

    @property
    def _running(self) -> Process | None:
        """The process whose turn it is."""
        return self.machine.running

    def where(self) -> Stopped:
        """Why the machine stands, for a debugger that connects: at a fault, or for no reason."""
        fault = self.machine.core.fault
        if fault is None:
            return Stopped(self.target.current)
        return Stopped(fault.pid, signal_of(fault))

    def go(self) -> Stopped:
        """Run to an event that the debugger is told of, which may be a breakpoint here."""
        self.target.settle()
        self._spread()
        self.breakpoints.has_run()
        if self._is_at_hit():
            stopped = self._step()
            if stopped is not None:
                return stopped
        return self._met_here() or self._run()

    def _run(self, wanted: int = -1) -> Stopped:
        """Run to an event that the debugger is told of, or until a process gets its turn.

        wanted: the pid of that process; -1: none.
        """
        self._events.wanted = wanted
        addresses, is_met = self.breakpoints.addresses, self.breakpoints.is_met
        while not self.is_interrupted:
            try:
                stopped = self._stopped(self._ahead(addresses, is_met))
            except PastError:
                return Stopped(self.target.current, why=END)
            if stopped is not None:
                return stopped
            if self.has_turn(wanted):
                return Stopped(wanted)
        return Stopped(self.target.current, Signal.INT)

    def _ahead(self, addresses: list[int], is_met: Callable[[int], bool]) -> Outcome:
        """Run on, and keep what will be past."""
        machine, timeline = self.machine, self.target.timeline
        if timeline is None:
            return machine.run_until(addresses, wanted=is_met)
        return timeline.run(
            lambda most: machine.run_until(addresses, most, wanted=is_met),
            stops_here=lambda: self._met_here() is not None,
        )

    def piece(self, count: int) -> tuple[Outcome, Stopped | None]:
        """Run to an event that the debugger is told of, for at most so many instructions."""
        self._spread()
        if self._is_at_hit():
            stopped = self._step()
            if stopped is not None or count <= 1:
                return outcome(How.COUNT), stopped
            count -= 1
        breakpoints = self.breakpoints
        reached = self.machine.run_until(breakpoints.addresses, count, wanted=breakpoints.is_met)
        if reached.how is How.COUNT or reached.is_final:
            return reached, None
        return reached, self._stopped(reached)

    def drop_events(self) -> None:
        """Drop what the debugger has not been told of yet; it has gone elsewhere."""
        while self._events.take() != (None, None):
            pass
        self.catcher.take()
        self.watchpoints.take()

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Within, the machine runs on whatever the debugger watches for."""
        caught, observers = self.catcher.numbers, self.machine.observers
        self.watchpoints.set(())
        self.catcher.catch(frozenset())
        observers.remove(self._events)
        try:
            yield
        finally:
            observers.add(self._events)
            self._events.restored()
            self.catcher.catch(caught)
            self._spread()

    def forget_hit(self) -> None:
        """The machine goes elsewhere than on from an access at which it stopped."""
        self._hit = None

    def has_turn(self, pid: int) -> bool:
        """Whether this process has the turn."""
        return self._running is not None and self._running.pid == pid

    def step(self, pid: int) -> Stopped:
        """Run one instruction of this process; others may have turns before it."""
        self.target.process(pid)
        self.target.settle()
        self._spread()
        if not self.has_turn(pid):
            stopped = self._to_turn(pid)
            if stopped != Stopped(pid):
                return stopped
        after = self._step()
        self.breakpoints.has_run()
        if after is None and pid not in self.machine.kernel.processes:
            return self._run()  # a thread that has ended: there is nothing to tell of it
        return after or Stopped(pid)

    def _to_turn(self, pid: int) -> Stopped:
        """Run others until this process has its turn, or to an event."""
        self.breakpoints.lifted_for = pid
        try:
            return self._run(pid)
        finally:
            self.breakpoints.lifted_for = None
            self.breakpoints.has_run()

    def _step(self) -> Stopped | None:
        """Run one instruction of the running process, with the access before which it stopped."""
        self.watchpoints.passes = self._is_at_hit()
        self._events.wanted = -1
        outcome = self.machine.step()
        self.watchpoints.passes = False
        return self._stopped(outcome)

    def step_range(self, pid: int, start: int, end: int) -> Stopped:
        """Step as long as the process is in [start, end), and nothing else happens."""
        while True:
            stopped = self.step(pid)
            pc = self.machine.core.engine.registers.pc
            if stopped != Stopped(pid) or not start <= pc < end or self._met_here():
                return stopped
            if self.is_interrupted:
                return Stopped(pid, Signal.INT)

    def _is_at_hit(self) -> bool:
        """Whether the running process is still before the access at which the machine stopped."""
        hit, running = self._hit, self._running
        if hit is None or running is None:
            return False
        return (hit.pid, hit.pc) == (running.pid, self.target.state(running.pid).core[15])

    def _met_here(self) -> Stopped | None:
        """The stop for a breakpoint at the PC of the running process, if there is one."""
        running, pc = self._running, self.machine.next_pc
        if running is None or pc is None or not self.breakpoints.is_met(pc):
            return None
        return Stopped(running.pid, why="swbreak:;")

    def _begins(self, va: int) -> bool:
        """Whether a function begins at this address of the process that runs, as far as known."""
        target, running = self.target, self._running
        if running is None:
            return False
        code = Code.of(self.machine).read(va, 4)
        file = target.files().of(running.pid, va, code)
        symbol = None if file is None else file.symbol_at(va)
        return symbol is None or symbol.va == va

    def _stopped(self, outcome: Outcome) -> Stopped | None:
        """The debugger's view of a run's end; None where the run is to go on."""
        ended, fault = self._events.take()
        self._spread()
        hit, call = self.watchpoints.take(), self.catcher.take()
        self._hit = hit
        if outcome.is_final:
            return self._final(outcome)
        if ended is not None:
            return ended
        if fault is not None:
            return Stopped(fault.pid, signal_of(fault))
        if call is not None:
            return call
        if hit is not None:
            return self._at_hit(hit)
        if outcome.how is How.ADDRESS:
            return Stopped(self.target.current, why="swbreak:;")
        if outcome.how in (How.CTRL_C, How.INTERRUPTED):
            return Stopped(self.target.current, Signal.INT)
        if outcome.how in (How.PAUSED, How.COUNT):
            return None
        return Stopped(PROC0, exit=outcome.status)

    def _at_hit(self, hit: Hit) -> Stopped:
        if hit.watch.pid != PHYSICAL:
            va = max(hit.va, hit.watch.address)
            return Stopped(hit.pid, why=f"{_WATCHED[hit.watch.access]}:{va:x};")
        return Stopped(hit.pid, text=hit_text(self.machine.kernel, hit))

    def _final(self, outcome: Outcome) -> Stopped:
        """The end of the machine, or of what is known of its run: before its last instruction."""
        halted, timeline = self.machine.kernel.halted, self.target.timeline
        if timeline is not None and timeline.is_recorded:
            timeline.step_back()
            self.drop_events()
            return Stopped(self.target.current, why=END)
        if outcome.how is How.FAULTED:
            return Stopped(PROC0, Signal.SEGV, killed=True)
        status = halted.status & 0xFF if isinstance(halted, Exited) else outcome.status
        return Stopped(PROC0, exit=status)


def hit_text(kernel: Kernel, hit: Hit) -> str:
    """A line about an access to a watched frame."""
    frame = kernel.frame_at(hit.pa)
    does = "stores" if hit.is_write else "loads"
    where = f"{hit.va:#010x} (pa {hit.pa:#010x}{f', {frame}' if frame else ''})"
    value = f"{hit.value:#x} of {hit.size} byte{'s' * (hit.size > 1)}"
    return f"process {hit.pid} {does} {value} at {where}, pc {hit.pc:#010x}"
