"""The machine as a debugger sees it: inferiors, registers, memory, breakpoints, stops."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from emu.api.memory import AddressError, Memory, virtual_memory
from emu.cpu.registers import State
from emu.gdb.features import CORE, DOUBLES, REGISTERS
from emu.machine.core import Core
from emu.machine.fault import Fault
from emu.machine.machine import Machine
from emu.machine.observers import Observer, Words
from emu.machine.outcome import How, Outcome
from kernel_model.abi import NO_ID, FaultKind
from kernel_model.call import Call
from kernel_model.kernel import PROC0
from kernel_model.process import Exited, Process, Resume, Start

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles


class Signal(IntEnum):
    """The protocol's numbers.  Source: gdb, include/gdb/signals.def."""

    NONE = 0
    INT = 2
    ILL = 4
    TRAP = 5
    SEGV = 11


_OF_FAULT = {
    FaultKind.MEMORY_ACCESS: Signal.SEGV,
    FaultKind.UNDEFINED_INSTRUCTION: Signal.ILL,
    FaultKind.BREAKPOINT_INSTRUCTION: Signal.TRAP,
}


class Stopped(NamedTuple):
    """Why the machine stands.  pid: of whom.

    exit: its status, where it has ended.  why: one of the protocol's stop reasons, or "".
    """

    pid: int
    signal: Signal = Signal.TRAP
    exit: int | None = None
    killed: bool = False
    why: str = ""
    is_final: bool = False


class Target:
    """One machine under a debugger.

    breakpoints: (pid, va) of each.  attached: those whom the debugger debugs, by pid; of the others
    it hears nothing.  tells_starts: whether it wants to hear of processes that start.
    """

    def __init__(self, machine: Machine, files: Callable[[], DebugFiles], program: str) -> None:
        self.machine, self.files, self.program = machine, files, program
        self.breakpoints: set[tuple[int, int]] = set()
        self.attached: set[int] = set(machine.kernel.processes)
        self.tells_starts = False
        self._watch = _Events(machine, self)
        machine.observers.add(self._watch)

    def close(self) -> None:
        """Leave the machine alone."""
        self.machine.observers.remove(self._watch)

    # Processes

    @property
    def pids(self) -> list[int]:
        """The attached, as long as they live."""
        living = self.machine.kernel.processes
        return [] if self.is_over else [pid for pid in living if pid in self.attached]

    @property
    def is_over(self) -> bool:
        """Whether the machine has ended, so that nothing is left to debug."""
        return self.machine.has_ended

    def process(self, pid: int) -> Process:
        """Errors: KeyError."""
        return self.machine.kernel.processes[pid]

    @property
    def current(self) -> int:
        """Who runs, or who lives."""
        running = self.machine.kernel.running[0]
        return running.pid if running is not None else next(iter(self.pids), PROC0)

    def executable(self, pid: int) -> str:
        """The file that a process runs, as far as its code tells; "" where it is not known."""
        if pid == PROC0:
            return self.program
        pc = self.state(pid).core[15] & ~3
        try:
            code = self.memory(pid).read(pc, 4)
        except AddressError:
            return ""
        file = self.files().of(pid, pc, code)
        return "" if file is None else file.name

    # Registers: r0 to cpsr, d0 to d31, fpscr

    def state(self, pid: int) -> State:
        return self.machine.state_of(self.process(pid))

    def registers(self, pid: int) -> list[int]:
        state = self.state(pid)
        return [*state.core, *state.vfp, state.fpscr]

    def set_registers(self, pid: int, values: list[int]) -> None:
        """All of them."""
        assert len(values) == REGISTERS
        core, vfp = tuple(values[:CORE]), tuple(values[CORE : CORE + DOUBLES])
        before = self.state(pid)
        if (vfp, values[-1]) != (before.vfp, before.fpscr):
            self.machine.set_state(self.process(pid), before._replace(vfp=vfp, fpscr=values[-1]))
        if core != before.core:
            self.machine.set_registers(self.process(pid), core)

    # Memory

    def memory(self, pid: int) -> Memory:
        """As this process's tables have it."""
        return virtual_memory(self.machine, self.process(pid))

    # Running

    def go(self) -> Stopped:
        """Run on, to a breakpoint, a fault, the end of a process, or a signal."""
        while True:
            outcome = self.machine.run_until(sorted({va for _, va in self.breakpoints}))
            stopped = self._stopped(outcome)
            if stopped is not None:
                return stopped

    def step(self, pid: int) -> Stopped:
        """One instruction of this process; others may have turns before."""
        if self.machine.kernel.running[0] is not self.process(pid):
            self._watch.wanted = pid
            outcome = self.machine.run_until()
            self._watch.wanted = -1
            stopped = self._stopped(outcome)
            if stopped is not None:
                return stopped
        outcome = self.machine.step()
        return self._stopped(outcome) or Stopped(pid)

    def _stopped(self, outcome: Outcome) -> Stopped | None:
        """What a run's end is to a debugger; None where that wants it to go on."""
        ended, fault = self._watch.take()
        if outcome.is_final:
            return self._final(outcome)
        if ended is not None:
            return ended
        if fault is not None:
            return Stopped(fault.pid, _OF_FAULT[kind_of(fault)])
        if outcome.how is How.ADDRESS:
            pid = self.current
            if (pid, self.state(pid).core[15]) in self.breakpoints:
                return Stopped(pid, why="swbreak:;")
            return None
        if outcome.how is How.CTRL_C:
            return Stopped(self.current, Signal.INT)
        if outcome.how in (How.PAUSED, How.COUNT):
            return None
        return Stopped(PROC0, exit=outcome.status, is_final=True)

    def _final(self, outcome: Outcome) -> Stopped:
        halted = self.machine.kernel.halted
        if outcome.how is How.FAULTED:
            return Stopped(PROC0, Signal.SEGV, killed=True, is_final=True)
        status = halted.status & 0xFF if isinstance(halted, Exited) else outcome.status
        return Stopped(PROC0, exit=status, is_final=True)


def kind_of(fault: Fault) -> FaultKind:
    """What the processor refused."""
    for kind in FaultKind:
        if fault.kind == kind.name.lower().replace("_", " "):
            return kind
    return FaultKind.MEMORY_ACCESS


class _Events(Observer):
    """Pauses the machine at what a debugger is told of: starts, faults, and endings.

    wanted: the pid of whom the debugger waits for to be loaded.
    """

    rank = 2

    def __init__(self, machine: Machine, target: Target) -> None:
        self._machine, self._target = machine, target
        self.wanted = -1
        self._fault: Fault | None = None
        self._ended: list[Stopped] = []
        self._known = set(machine.kernel.processes)
        self._status: dict[int, Stopped] = {}

    def take(self) -> tuple[Stopped | None, Fault | None]:
        """What has happened since: the end of a process, and a fault of which nobody has heard."""
        fault, self._fault = self._fault, None
        self._look()
        return (self._ended.pop(0) if self._ended else None), fault

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:  # noqa: ARG002
        self._look()
        parent, tells = process.parent, self._target.tells_starts
        if isinstance(resume, Start) and tells and parent in self._target.attached:
            self._target.attached.add(process.pid)
            why = f"fork:p{process.pid + 1:x}.{process.pid + 1:x};"
            self._ended.append(Stopped(parent, why=why))
        if self._ended or process.pid == self.wanted:
            self._machine.pause()

    def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:  # noqa: ARG002
        if call.name == "exit":
            self._status[process.pid] = Stopped(process.pid, exit=words[0] & 0xFF)
        elif call.name == "proc_end":
            self._status[words[0]] = Stopped(words[0], exit=words[1] & 0xFF)

    def faulted(self, core: Core, fault: Fault) -> None:  # noqa: ARG002
        is_ours = fault.pid in self._target.attached
        if is_ours and self._machine.kernel.processes[fault.pid].handler == NO_ID:
            self._status[fault.pid] = Stopped(fault.pid, _OF_FAULT[kind_of(fault)], killed=True)
            self._fault = fault
            self._machine.pause()

    def _look(self) -> None:
        """Who has ended since, but for proc0, with whom the machine does."""
        living = self._machine.kernel.processes
        for pid in sorted(self._known - living.keys()):
            if pid != PROC0 and pid in self._target.attached:
                self._ended.append(self._status.get(pid, Stopped(pid, exit=0)))
        self._known = set(living)
        self._target.attached &= living.keys()
        self._status = {pid: one for pid, one in self._status.items() if pid in living}
