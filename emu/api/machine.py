"""A machine for scripts and tests: run it part of the way, look at all of it, run it on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from emu.api import events
from emu.api.console import Console, KeptWorld
from emu.api.events import Call, Fault
from emu.api.memory import physical_memory
from emu.api.process import Process
from emu.api.running import Running
from emu.api.symbols import Symbols
from emu.api.values import Frame, Mapping, frame_value, mapping_value
from emu.machine.core import Core
from emu.machine.fault import ACCESS, MachineFault
from emu.machine.injections import Injection, Injections, occurrences
from emu.machine.machine import Machine as Engine
from emu.machine.observers import Observer
from emu.machine.outcome import How, Outcome
from emu.machine.snapshot import Snapshot
from kernel_model.abi import NO_ID, Error
from kernel_model.call import CallRow
from kernel_model.process import Process as ModelProcess
from kernel_model.walk import mapped

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles

_REASONS = {
    How.EXITED: "exit", How.FAULTED: "fault", How.DEADLOCK: "deadlock", How.COUNT: "instructions",
    How.MAX_INSNS: "limit", How.MAX_OUTPUT: "limit", How.TIMEOUT: "timeout", How.ADDRESS: "pc",
    How.PAUSED: "paused", How.TERMINATED: "terminated",
    How.INTERRUPTED: "interrupted",
}  # fmt: skip


class Stop(NamedTuple):
    """Why a run has stopped.

    reason: ``exit``, ``fault``, ``deadlock``, ``call``, ``pc``, ``instructions``, ``limit``,
    ``timeout``, ``paused``, ``interrupted`` or ``terminated``.
    status: the exit status of ``emu run``.  call, fault: the one at which the run stopped, or None.
    is_final: whether the machine cannot run on.
    """

    reason: str
    status: int
    is_final: bool
    call: Call | None = None
    fault: Fault | None = None

    def __str__(self) -> str:
        what = self.call.name if self.call else self.fault.headline if self.fault else self.status
        return f"{self.reason}: {what}"


class GuestError(AssertionError):
    """A program did not end as it had to; the text has its output and the reports."""


class Machine:
    """One program's machine, made by ``emu.load``.

    console: its streams.  symbols: its names.  memory: by physical address.
    reports: what ``emu run`` would have printed of unhandled faults, so far.
    notes: oddities, one line each.
    """

    def __init__(
        self,
        engine: Engine,
        world: KeptWorld,
        notes: list[str],
        debug: Callable[[], DebugFiles],
    ) -> None:
        self._engine, self._debug = engine, debug
        self._running = Running(self._written)
        self.console = Console(world)
        self.symbols = Symbols(debug)
        self.memory = physical_memory(engine, self._running)
        self.notes, self.reports = notes, list[str]()
        self._observers: dict[Callable[..., Any], Observer] = {}
        self._injections = Injections(engine.calls)
        self._reported: Fault | None = None
        keep, is_unhandled = self._keep_report, self._is_unhandled
        self._reporter = events.Faults(self._describe, keep, is_unhandled)
        engine.observers.add(self._reporter)
        engine.count_instructions()

    # Running

    def run(self) -> Stop:
        """Run to the end, or to a bound that ``load`` was given.

        Errors of this and of every method that runs: MachineEndedError; MachineRunningError, in a
        callback, and while it runs in another thread; KeyboardInterrupt, at Ctrl-C, after which the
        machine can run on.
        """
        with self._running.run("Machine.run"):
            return self._stop(self._forward((), 0, ()), None)

    def step(self, count: int = 1) -> Stop:
        """Run ``count`` instructions; an IT block is run to its end."""
        with self._running.run("Machine.step"):
            outcome = self._engine.step()
            while (count := count - 1) > 0 and outcome.how is How.COUNT:
                outcome = self._engine.step()
            return self._stop(outcome, None)

    def run_until(
        self,
        *,
        call: str | Collection[str] | int | None = None,
        pc: int | None = None,
        symbol: str | None = None,
        instructions: int = 0,
        fault: bool = False,
    ) -> Stop:
        """Run until the first of these, or to the end.

        call: a call of this name, or of one of these names, or this many calls are decided.
        pc, symbol: the PC is at this address, or at the function of this name.
        instructions: this many more have run.  fault: a process faults; the kernel is not told yet.
        Errors: KeyError, for a call or a symbol that does not exist; MachineEndedError.
        """
        goal = Goal(self._engine, call, fault, self._describe)
        addresses, watching = self._places(pc, symbol), goal.observers
        with self._running.run("Machine.run_until"):
            return self._stop(self._forward(addresses, instructions, watching), goal)

    def _forward(
        self, addresses: Sequence[int], count: int, observers: Sequence[Observer]
    ) -> Outcome:
        return self._engine.run_until(addresses, count, observers)

    def _places(self, pc: int | None, symbol: str | None) -> list[int]:
        """The addresses (va) at which to stop.  Errors: KeyError."""
        addresses = [] if pc is None else [pc & ~1]
        return addresses + ([] if symbol is None else [self.symbols[symbol]])

    def check(self, *output: str, status: int = 0) -> None:
        """Run to the end, which must be ``exit(status)``; lines, if given, must be the output.

        Errors: GuestError.
        """
        stop = self.run()
        if stop.reason != "exit" or stop.status != status:
            said = "\n".join([self.console.text, *self.reports])
            raise GuestError(f"the program ended with {stop}, not exit: {status}\n{said}")
        if output and self.console.lines != [*output]:
            raise GuestError(f"the program wrote {self.console.lines}, not {[*output]}")

    # Inspection

    @property
    def instructions(self) -> int:
        """Instructions that have completed so far, of all processes.

        One whose condition does not hold counts, too.
        """
        return self._engine.instructions

    @property
    def calls(self) -> int:
        """Calls of the kernel so far."""
        return self._engine.history.made

    @property
    def processes(self) -> dict[int, Process]:
        """The living processes, by pid."""
        living = self._engine.kernel.processes.values()
        return {one.pid: Process(self._engine, one, self._running) for one in living}

    @property
    def process(self) -> Process | None:
        """The process that runs now, or None.

        In a callback: the process of the event, also where it waits since, or has just ended.
        """
        process = self._running.told or self._engine.running
        return None if process is None else Process(self._engine, process, self._running)

    @property
    def frames(self) -> dict[int, Frame]:
        """All frames, by id."""
        kernel = self._engine.kernel
        return {f_id: frame_value(kernel, frame) for f_id, frame in kernel.frames.items()}

    def tables(self, pid: int = 0) -> list[Mapping]:
        """The mappings of a process, by address.  Errors: KeyError, for no such process."""
        kernel = self._engine.kernel
        l1 = kernel.frames.get(kernel.processes[pid].l1)
        found = []
        for run in mapped(kernel.memory, l1.pa) if l1 is not None else ():
            frame = kernel.frame_at(run.pa)
            found.append(mapping_value(run, None if frame is None else frame.f_id))
        return found

    # Callbacks

    @overload
    def on(self, event: str) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]: ...
    @overload
    def on(self, event: str, tell: Callable[[Any], Any]) -> Callable[[Any], Any]: ...
    def on(self, event: str, tell: Callable[[Any], Any] | None = None) -> Callable[..., Any]:
        """Have ``tell`` called with each ``Call``, ``Fault`` or ``Switch``; also as a decorator.

        event: ``call``, ``fault`` or ``switch``.  ``off(tell)`` undoes it.  ``tell`` may do all but
        run and restore the machine; what it writes counts.  Errors: ValueError, for another event.
        """
        if event not in ("call", "fault", "switch"):
            raise ValueError(f"there is no event {event!r}: call, fault, switch")
        if tell is None:
            return lambda function: self.on(event, function)
        observer: Observer
        if event == "call":
            observer = events.Calls(self._engine, tell, self._running.telling)
        elif event == "fault":
            observer = events.Faults(self._describe, tell, telling=self._running.telling)
        else:
            observer = events.Switches(tell, self._running.telling)
        self.off(tell)
        self._observers[tell] = observer
        self._engine.observers.add(observer)
        return tell

    def off(self, tell: Callable[..., Any]) -> None:
        """Call this function no longer."""
        observer = self._observers.pop(tell, None)
        if observer is not None:
            self._engine.observers.remove(observer)

    def inject(
        self,
        call: str,
        *,
        error: str = "",
        result: int = 0,
        when: int | Container[int] | None = None,
        pid: int | None = None,
    ) -> Callable[[], None]:
        """Answer calls of this name in the kernel's place, as ``strace -e inject`` does.

        error: what they fail with, as ``POOL_FULL``; without it they return ``result``.
        when: which of them, counted from 1 and from now on: 12 is the twelfth, ``range(3, 9, 2)``
        the third, fifth and seventh; None: each.  pid: of this process alone.
        Returns a function that takes the injection back.
        Errors: KeyError, for a call or an error that does not exist.
        """
        row, which = (
            self._engine.kernel.calls.named(call),
            (when,) if isinstance(when, int) else when,
        )
        injection = Injection(occurrences(row, which, pid), Error[error] if error else None, result)
        self._injections.add(injection)
        self._injected()

        def take_back() -> None:
            self._injections.remove(injection)
            self._injected()

        return take_back

    def _injected(self) -> None:
        """What is injected has changed."""

    def retry(self) -> None:
        """At a fault: let the process go on at its PC, and do not tell the kernel.

        In a callback for the fault, or after a run that stopped at it.  To set registers of that
        process there, or to write to memory, does this, too.  Without a fault it does nothing.
        """
        fault, reported = self._engine.core.fault, self._reported
        self._engine.retry_fault()
        if fault is not None and reported is not None and reported.headline == fault.headline:
            self.reports.pop()
            self._reported = None

    def _written(self, pid: int | None) -> None:
        """Registers of a process were set, or memory, if None: at a fault that is a repair."""
        fault = self._engine.core.fault
        if fault is not None and pid in (None, fault.pid):
            self.retry()

    def pause(self) -> None:
        """From within a callback: stop the run when the event that it was told of is over."""
        self._engine.pause()

    def interrupt(self) -> None:
        """From any thread: end the run under way, or the wait for input or output that it is in.

        Without a run under way it does nothing; ``step`` is not interrupted.
        """
        self._engine.interrupt()

    # The machine as a value

    def snapshot(self) -> Snapshot:
        """The machine as a value: ``restore`` brings it back, in this machine or another."""
        self._running.check_settled("Machine.snapshot")
        return self._engine.snapshot()

    def write_core(self, path: str | PathLike[str], pid: int = 0) -> None:
        """Write a core file, for gdb, of a living process: its registers and what it has mapped.

        The processes that share its vspace are the file's threads.  At a fault, also in a callback
        for it, the file says by which signal Linux would have ended the process.
        Errors: KeyError, for no such process; OSError.
        """
        self._running.check_readable("Machine.write_core")
        from emu.corefile import read_programs, write_core

        process, fault = self._engine.kernel.processes[pid], self._engine.core.fault
        files = read_programs(self._debug().names)
        with open(path, "wb") as stream:
            ours = fault if fault is not None and fault.pid == pid else None
            write_core(stream, self._engine, process, files, ours)

    def restore(self, state: Snapshot) -> None:
        """Become what a machine with as much RAM was, its output included.

        Errors: MachineRunningError, while it runs; OSError, when a file that was open is gone;
        ValueError, for a snapshot of a machine that can go back if this one cannot, or the reverse.
        """
        with self._running.run("Machine.restore"):
            self._check_known(state)
            self._engine.restore(state)

    def _check_known(self, state: Snapshot) -> None:
        """Errors: ValueError."""
        if not self._engine.world.knows(state.outside.world):
            raise ValueError("restore: the snapshot is of a machine of another kind")

    def _stop(self, outcome: Outcome, goal: Goal | None) -> Stop:
        if outcome.how is How.CTRL_C:
            raise KeyboardInterrupt
        reason = _REASONS[outcome.how]
        call, fault = (None, None) if goal is None else (goal.call, goal.fault)
        if outcome.how is How.PAUSED and (call or fault):
            reason = "call" if call else "fault"
        elif outcome.is_final or reason != "paused":
            call = fault = None
        return Stop(reason, outcome.status, outcome.is_final, call, fault)

    def _describe(self, fault: MachineFault) -> Fault:
        from emu.report import fault_text

        engine = self._engine
        report = fault_text(engine.kernel, engine.history, self._debug(), fault)
        access = ACCESS[fault.access] if fault.access else ""
        return Fault(fault.pid, fault.kind, fault.pc, fault.va, access, fault.headline, report)

    def _keep_report(self, fault: Fault) -> None:
        self.reports.append(fault.report)
        self._reported = fault

    def _is_unhandled(self, fault: MachineFault) -> bool:
        return self._engine.kernel.processes[fault.pid].handler == NO_ID

    def __repr__(self) -> str:
        return f"Machine({', '.join(map(repr, self.processes.values()))})"


class Goal(events.Calls):
    """Pauses at a call or a fault, and keeps it."""

    rank = 1

    def __init__(
        self,
        engine: Engine,
        wanted: str | Collection[str] | int | None,
        at_fault: bool,
        describe: Callable[[MachineFault], Fault],
    ) -> None:
        super().__init__(engine, self._reached)
        self.call: Call | None = None
        self.fault: Fault | None = None
        self._left = wanted if isinstance(wanted, int) else 0
        self._names = _names(engine, wanted)
        self._at_fault, self._describe = at_fault, describe
        self.observers: list[Observer] = [self] if wanted is not None or at_fault else []

    def renew(self) -> None:
        """Look for the next one."""
        self.call = self.fault = None

    def called(self, core: Core, process: ModelProcess, call: CallRow, result: int | None) -> None:
        self._left -= 1
        if self.call is None and (self._left == 0 or call.name in self._names):
            super().called(core, process, call, result)

    def _reached(self, call: Call) -> None:
        self.call = call
        self._engine.pause()

    def faulted(self, core: Any, fault: MachineFault) -> None:  # noqa: ARG002
        if self._at_fault:
            self.fault = self._describe(fault)
            self._engine.pause()


def _names(engine: Engine, wanted: str | Collection[str] | int | None) -> Sequence[str]:
    """The names of the calls to stop at.  Errors: KeyError, for a name of no call."""
    if wanted is None or isinstance(wanted, int):
        return ()
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    for name in names:
        engine.kernel.calls.named(name)
    return names
