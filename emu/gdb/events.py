"""Events that a debugger is told of: starts, faults, ends and calls of processes."""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.gdb.stops import OF_FAULT, Stopped, signal_of
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.machine import Machine
from emu.machine.observers import Observer
from kernel_model.abi import NO_ID
from kernel_model.call import CallRow
from kernel_model.events import ProcessEnded
from kernel_model.kernel import PROC0
from kernel_model.process import Ended, Exited, Process, Resume, Start

if TYPE_CHECKING:
    from emu.gdb.target import Target


class Events(Observer):
    """Pauses the machine at starts, faults and ends of processes.

    wanted: the pid of the process that the debugger waits for to be loaded.
    Calls are not observed: they take as long as without a debugger.
    """

    rank = 2

    def __init__(self, machine: Machine, target: Target) -> None:
        self._machine, self._target = machine, target
        self.wanted = -1
        self._fault: MachineFault | None = None
        self._ended: list[Stopped] = []
        self._known = set(machine.kernel.processes)
        self._status: dict[int, Stopped] = {}

    def take(self) -> tuple[Stopped | None, MachineFault | None]:
        """What has happened since the last time: the end of a process, a fault not yet told."""
        fault, self._fault = self._fault, None
        self._look()
        return (self._ended.pop(0) if self._ended else None), fault

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        self._look()
        parent, tells = process.parent, self._target.tells_starts
        if isinstance(resume, Start) and tells and parent in self._target.attached:
            self._target.attached.add(process.pid)
            why = f"fork:p{process.pid + 1:x}.{process.pid + 1:x};"
            self._ended.append(Stopped(parent, why=why))
        if self._ended or process.pid == self.wanted:
            self._machine.pause()

    def faulted(self, core: Core, fault: MachineFault) -> None:
        is_ours = fault.pid in self._target.attached
        if is_ours and self._machine.kernel.processes[fault.pid].handler == NO_ID:
            self._status[fault.pid] = Stopped(fault.pid, signal_of(fault), killed=True)
            self._fault = fault
            self._machine.pause()

    def process_ended(self, event: ProcessEnded) -> None:
        ending, pid = event.ending, event.pid
        if isinstance(ending, Exited | Ended):
            ended = Stopped(pid, exit=ending.status & 0xFF)
        else:
            ended = Stopped(pid, OF_FAULT[ending.kind], killed=True)
        self._status.setdefault(pid, ended)

    def restored(self) -> None:
        self._fault, self._known = None, set(self._machine.kernel.processes)
        self._ended.clear()
        self._status.clear()

    def _look(self) -> None:
        """Note the processes that have ended since, except proc0, with which the machine ends."""
        living = self._machine.kernel.processes
        if living.keys() != self._known:
            for pid in sorted(self._known - living.keys()):
                if pid != PROC0 and pid in self._target.attached:
                    self._ended.append(self._status.get(pid) or Stopped(pid, exit=0))
            self._known = set(living)
            self._target.attached &= living.keys()
            self._status = {pid: one for pid, one in self._status.items() if pid in living}


class CallCatcher(Observer):
    """Pauses the machine before each wanted call of the kernel, and when the call returns."""

    rank = 2

    def __init__(self, machine: Machine, is_wanted: Callable[[int], bool]) -> None:
        """is_wanted: selects processes by pid."""
        self._machine, self._is_wanted = machine, is_wanted
        self.numbers: frozenset[int] | None = frozenset()
        self._within: dict[int, int] = {}
        self._stopped: Stopped | None = None

    def catch(self, numbers: frozenset[int] | None) -> None:
        """Catch the calls with these numbers; None: all.

        gdb asks for this again at each stop, also between a call and its return.
        """
        had, self.numbers = self.numbers != frozenset(), numbers
        has = numbers != frozenset()
        observers = self._machine.observers
        if has and not had:
            observers.add(self)
            observers.set_call_filter(self._holds)
        elif had and not has:
            observers.remove(self)
            observers.set_call_filter(None)

    def take(self) -> Stopped | None:
        """The call at which the machine has paused, once."""
        stopped, self._stopped = self._stopped, None
        return stopped

    def _holds(self, process: Process, number: int) -> bool:
        if not self._catches(process.pid, number):
            return False
        self._within[process.pid] = number
        self._pause(process.pid, "entry", number)
        return True

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        if self._within.get(process.pid, call.number) != call.number:
            del self._within[process.pid]  # the debugger was not told of its return
        if result is not None:
            self._return(process.pid)

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        if resume is not None:
            self._return(process.pid)

    def restored(self) -> None:
        self._within.clear()
        self._stopped = None

    def _catches(self, pid: int, number: int) -> bool:
        is_one = self.numbers is None or number in self.numbers
        return is_one and self._is_wanted(pid)

    def _return(self, pid: int) -> None:
        number = self._within.pop(pid, None)
        if number is not None and self._catches(pid, number):
            self._pause(pid, "return", number)

    def _pause(self, pid: int, what: str, number: int) -> None:
        self._stopped = Stopped(pid, why=f"syscall_{what}:{number:x};")
        self._machine.pause()
