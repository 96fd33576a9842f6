"""Runs a machine as a debugger says, and stops it where that wants to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.gdb.breakpoints import Breakpoints
from emu.gdb.events import CallCatcher, Events
from emu.gdb.stops import Signal, Stopped, signal_of
from emu.gdb.target import Target
from emu.machine.outcome import How, Outcome
from emu.watchpoints.watch import PHYSICAL, Hit, Watch
from emu.watchpoints.watchpoints import Watchpoints
from kernel_model.descriptors import READ, WRITE
from kernel_model.kernel import PROC0
from kernel_model.process import Exited, Process

if TYPE_CHECKING:
    from kernel_model.kernel import Kernel

_WATCHED = {READ: "rwatch", WRITE: "watch", READ | WRITE: "awatch"}


class Runner:
    """What runs one target.

    is_interrupted: whether the debugger wants the machine to stand.
    """

    def __init__(self, target: Target) -> None:
        self.target, self.machine = target, target.machine
        self.breakpoints = Breakpoints(target.machine)
        self.watchpoints = Watchpoints(target.machine)
        self.catcher = CallCatcher(target.machine, lambda pid: pid in target.attached)
        self.is_interrupted = False
        self._hit: Hit | None = None
        self._events = Events(target.machine, target)
        target.machine.observers.add(self._events)

    def release(self) -> None:
        """The debugger has gone: nothing it wanted to stop at is left."""
        self.breakpoints.clear()
        self.watchpoints.set(())
        self.catcher.catch(frozenset())

    def close(self) -> None:
        """Leave the machine alone."""
        self.release()
        self.machine.observers.remove(self._events)

    def interrupt(self) -> None:
        """Let the machine stand as soon as this can be.  From any thread."""
        self.is_interrupted = True
        self.machine.interrupt()

    def watch(self, watch: Watch, is_wanted: bool) -> None:
        """Watch something, or no longer."""
        others = [one for one in self.watchpoints.all if one != watch]
        self.watchpoints.set([*others, watch] if is_wanted else others)

    def forget(self, pid: int) -> None:
        """The debugger no longer debugs this process."""
        self.breakpoints.forget(pid)
        self.watchpoints.set([one for one in self.watchpoints.all if one.pid != pid])
        self.target.attached.discard(pid)

    @property
    def _running(self) -> Process | None:
        """Whose turn it is."""
        return self.machine.running

    def where(self) -> Stopped:
        """How the machine stands, for a debugger that comes: at a fault, or anywhere."""
        fault = self.machine.core.fault
        if fault is None:
            return Stopped(self.target.current)
        return Stopped(fault.pid, signal_of(fault))

    def go(self) -> Stopped:
        """Run on, to something that the debugger is told of; also if that is here."""
        if self._is_at_hit():
            stopped = self._step()
            if stopped is not None:
                return stopped
        return self._met_here() or self._run()

    def _run(self, wanted: int = -1) -> Stopped:
        """Run to something that the debugger is told of, or until a process has its turn.

        wanted: its pid.
        """
        self._events.wanted = wanted
        addresses, is_met = self.breakpoints.addresses, self.breakpoints.is_met
        while not self.is_interrupted:
            outcome = self.machine.run_until(addresses, wanted=is_met)
            stopped = self._stopped(outcome)
            if stopped is not None:
                return stopped
            if self._has_turn(wanted):
                return Stopped(wanted)
        return Stopped(self.target.current, Signal.INT)

    def _has_turn(self, pid: int) -> bool:
        return self._running is not None and self._running.pid == pid

    def step(self, pid: int) -> Stopped:
        """One instruction of this process; others may have turns before."""
        self.target.process(pid)
        if not self._has_turn(pid):
            stopped = self._run(pid)
            if stopped != Stopped(pid):
                return stopped
        return self._step() or Stopped(pid)

    def _step(self) -> Stopped | None:
        """One instruction of who runs; what it had been stopped before it does now."""
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
        """Whether who runs is still before the access that the machine has stopped at."""
        hit, running = self._hit, self._running
        if hit is None or running is None:
            return False
        return (hit.pid, hit.pc) == (running.pid, self.target.state(running.pid).core[15])

    def _met_here(self) -> Stopped | None:
        """The breakpoint where who runs is now."""
        running, core = self._running, self.machine.core
        if running is None or running.resume is not None or not core.has_loaded(running.pid):
            return None
        if not self.breakpoints.is_met(core.engine.registers.pc):
            return None
        return Stopped(running.pid, why="swbreak:;")

    def _stopped(self, outcome: Outcome) -> Stopped | None:
        """What a run's end is to a debugger; None where that wants it to go on."""
        ended, fault = self._events.take()
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
        halted = self.machine.kernel.halted
        if outcome.how is How.FAULTED:
            return Stopped(PROC0, Signal.SEGV, killed=True)
        status = halted.status & 0xFF if isinstance(halted, Exited) else outcome.status
        return Stopped(PROC0, exit=status)


def hit_text(kernel: Kernel, hit: Hit) -> str:
    """An access to a watched frame, in a line."""
    frame = kernel.frame_at(hit.pa)
    does = "stores" if hit.is_write else "loads"
    where = f"{hit.va:#010x} (pa {hit.pa:#010x}{f', {frame}' if frame else ''})"
    value = f"{hit.value:#x} of {hit.size} byte{'s' * (hit.size > 1)}"
    return f"process {hit.pid} {does} {value} at {where}, pc {hit.pc:#010x}"
