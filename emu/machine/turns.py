"""Turns: which process runs next on a core, for how long, and what follows the end of its run.

What happens when: nothing per instruction, nothing per block; per process switch one stop and one
start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from emu.cpu.stop import Stop
from emu.environment.outside import Outside
from emu.environment.requests import Cause
from emu.machine.core import Core
from emu.machine.fault import fault_of, record_of
from emu.machine.history import History, KernelEntry
from emu.machine.observers import Observers
from emu.machine.outcome import How, Outcome, outcome, outcome_of
from emu.machine.watchdog import Watchdog
from kernel_model.abi import NO_ID
from kernel_model.errors import Refused
from kernel_model.kernel import Kernel
from kernel_model.process import Failed, Process
from kernel_model.trap import Signal, trap

if TYPE_CHECKING:
    from emu.machine.registers import ProcessRegisters

_REQUESTED: Final = Stop.REQUESTED
_BREAKPOINT: Final = Stop.BREAKPOINT
_COUNT: Final = Stop.COUNT
_WAITING: Final = Stop.WAITING
"""A name of its own, because finding a member of an enumeration takes longer than a call."""
_SEMIHOSTING: Final = Stop.SEMIHOSTING
_TRAPS: Final = (Stop.UNDEFINED, Stop.BKPT)
_FAULTS: Final = (Stop.FAULT, Stop.UNDEFINED, Stop.BKPT)

_STOPPED: Final = {
    Cause.TIMEOUT: How.TIMEOUT,
    Cause.CTRL_C: How.CTRL_C,
    Cause.TERMINATED: How.TERMINATED,
    Cause.INTERRUPTED: How.INTERRUPTED,
}


def stopped_by(cause: Cause) -> Outcome:
    """The outcome of a run that was stopped from outside."""
    return outcome(_STOPPED[cause])


class Turns:
    """The turns of a machine's cores.

    core: the core whose turn it is, or was last.
    is_paused: an observer has asked for the end of the run.
    watchdog: heeds signals and the timeout during a run, or None.
    """

    def __init__(
        self,
        kernel: Kernel,
        cores: list[Core],
        outside: Outside,
        history: History,
        observers: Observers,
        registers: ProcessRegisters,
        ended: list[int],
        forget: Callable[[int], None],
    ) -> None:
        """ended: the pids of processes that have ended, as ``KernelHost`` gathers them.

        forget: called with each of them, before any process runs on and when a run ends.
        """
        self._kernel, self._cores, self._outside = kernel, cores, outside
        self._history, self._observers = history, observers
        self.registers = registers
        self._ended, self._forget = ended, forget
        self.core = cores[0]
        self.is_paused = False
        self.watchdog: Watchdog | None = None

    @property
    def running(self) -> Process | None:
        """The process whose turn it is, on the core whose turn it is."""
        return self._kernel.running[self.core.number]

    @property
    def has_ended(self) -> bool:
        """Whether no process runs or waits for input, so that the machine cannot run on."""
        return not any(self._kernel.running) and not self._kernel.readers

    def go(self, end: int, most: int) -> Outcome:
        """Run turn by turn.

        end: the count of instructions at which this run ends.  most: the count at which every
        run ends.  0: no bound.
        """
        core, kernel, outside = self.core, self._kernel, self._outside
        number, standing, self.is_paused = core.number, self.running, False
        outside.begin_run()
        self._deliver_fault(core)
        if core.is_call_pending:
            core.resume_call()
            if outside.is_full or outside.cause is not None:
                return self._asked_to_end()
        while True:
            process = self._next(core)
            if process is None:
                break
            self._load(core, process)
            bound = 0
            if end or most:
                how, bound = _bound(core, end, most)
                if bound < 0:
                    return outcome(how)
            standing, passes = None, process is standing
            reason = _REQUESTED if self.is_paused else self._run(core, process, bound, passes)
            if reason is _BREAKPOINT:
                return outcome(How.ADDRESS)
            if reason is _REQUESTED or self.is_paused:
                if kernel.running[number] is None and self.has_ended:
                    break  # the machine's end is told before any request to stop
                watchdog = self.watchdog
                if (
                    self.is_paused
                    or core.is_call_pending
                    or outside.is_full
                    or outside.cause is not None
                    or (watchdog is not None and watchdog.cause is not None)
                ):
                    return self._asked_to_end()
            if core.fault is not None:
                self._deliver_fault(core)
        return outcome_of(self._kernel.halted)

    def _asked_to_end(self) -> Outcome:
        """The outcome of a run that was asked to end."""
        outside, watchdog = self._outside, self.watchdog
        if outside.is_full:
            return outcome(How.MAX_OUTPUT)
        cause = outside.cause
        if cause is None and watchdog is not None and watchdog.cause is not None:
            cause = outside.why_stopped()
        return outcome(How.PAUSED) if cause is None else stopped_by(cause)

    def _feed(self, core: Core) -> None:
        """Give input to waiting readers: when there is some, or when no process is ready."""
        kernel, number = self._kernel, core.number
        while kernel.readers and (kernel.running[number] is None or self._outside.is_input_ready()):
            trap(kernel, number, Signal.INPUT)

    def _next(self, core: Core) -> Process | None:
        """The process whose turn it is; None: no process is ready."""
        while core.owed and self._passes_over(core):
            pass
        if self._kernel.readers:
            self._feed(core)
        return self._kernel.running[core.number]

    def _passes_over(self, core: Core) -> bool:
        """Give the turn of a process that has used it in advance to the next, if any (rule 16).

        It owes nothing more once no other process is ready.
        """
        process = self.running
        if process is None:
            return False
        owed = core.owed.pop(process.pid, 0)
        if not (owed and self._kernel.ready):
            return False
        if owed > 1:
            core.owed[process.pid] = owed - 1
        trap(self._kernel, core.number, Signal.SLICE_ENDED)
        return True

    def _load(self, core: Core, process: Process) -> None:
        """Load ``process`` on the core, and let it go on as the kernel says."""
        resume, process.resume = process.resume, None
        before = core.loaded
        if before is not process and len(self._cores) > 1:
            self.registers.move(process.pid, core)
        switched = core.load(process, resume, self._kernel.l1_pa(process))
        core.is_sliced = bool(self._kernel.ready or self._kernel.readers) or core.is_in_turn
        if resume is not None and self._history.waiting:
            self._answered(process, resume if type(resume) is Failed else None)
        if self._ended:
            self.forget_ended()
        for tell in self._observers.loading:
            tell(core, process, resume, switched)

    def _answered(self, process: Process, failed: Failed | None) -> None:
        """Note that the call in which a process had blocked is answered, and its error, if any."""
        entry = self._history.waiting.pop(process.pid, None)
        if entry is not None and failed is not None:
            entry, refusal = KernelEntry(*entry), Refused(failed.error)
            self._history.refused(entry, refusal)
            for tell in self._observers.refused:
                tell(process, entry, refusal)

    def forget_ended(self) -> None:
        """Drop what is kept for processes that have ended, except for proc0, whose end is the
        machine's."""
        for pid in self._ended:
            if pid not in self._kernel.processes:
                for core in self._cores:
                    core.forget(pid)
                self._forget(pid)
        self._ended.clear()

    def _run(self, core: Core, process: Process, bound: int, passes: bool) -> Stop:
        """Run the loaded process; then end its turn if that is over, or note its fault.

        passes: whether to pass a breakpoint at the PC, which has been met already.
        """
        reason = core.run(bound, passes)
        if reason in _TRAPS and core.semihosting.passes(reason):
            reason = _SEMIHOSTING
        for tell in self._observers.stopped:
            tell(core, process, reason)
        if reason is _REQUESTED:
            return reason
        if reason is _SEMIHOSTING:
            core.semihost()
            return _REQUESTED
        if reason is _WAITING or (reason is _COUNT and core.is_turn_over):
            core.end_turn()
            trap(self._kernel, core.number, Signal.SLICE_ENDED)
        elif reason in _FAULTS:
            core.fault = fault_of(core.engine, core.backend, process.pid, reason)
            for tell in self._observers.faulted:
                tell(core, core.fault)
        return reason

    def _deliver_fault(self, core: Core) -> None:
        """Deliver the fault of the process on this core to the kernel."""
        fault, core.fault = core.fault, None
        if fault is not None:
            if self._kernel.processes[fault.pid].handler == NO_ID:
                self._history.fault(fault.pid, fault.headline)
            trap(self._kernel, core.number, record_of(fault))


def _bound(core: Core, end: int, most: int) -> tuple[How, int]:
    """The nearer bound: how the run ends there, and instructions to it, or -1 if none are left."""
    done = core.engine.instructions
    bounds = [(How.COUNT, end)] if end else []
    if most:
        bounds.append((How.MAX_INSNS, most))
    how, last = min(bounds, key=lambda bound: bound[1])
    return how, last - done or -1
