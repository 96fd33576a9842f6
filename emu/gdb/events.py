"""Events that a debugger is told of: starts, faults, ends and calls of processes."""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emu.gdb.stops import CALLED, OF_FAULT, RETURNED, Stopped, signal_of
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.machine import Machine
from emu.machine.observers import Observer
from kernel_model.abi import NO_ID
from kernel_model.call import CallRow
from kernel_model.events import ProcessEnded
from kernel_model.kernel import PROC0
from kernel_model.process import Ended, Exited, Process, Resume

if TYPE_CHECKING:
    from emu.gdb.target import Target


class Events(Observer):
    """Pauses the machine at starts, faults and ends of processes, and where inferiors change.

    wanted: the pid of the process that the debugger waits for to be loaded.
    Calls are not observed: they take as long as without a debugger.
    """

    rank = 2

    def __init__(self, machine: Machine, target: Target) -> None:
        self._machine, self._target = machine, target
        self._inferiors = target.inferiors
        self.wanted = -1
        self._fault: MachineFault | None = None
        self._changes: list[tuple[Stopped, int]] = []
        """What inferiors have become that the debugger is to be told, each with its inferior."""
        self._known = set(machine.kernel.processes)
        self._status: dict[int, Stopped] = {}

    def take(self) -> tuple[Stopped | None, MachineFault | None]:
        """What has happened since the last time: a change of inferiors, a fault not yet told."""
        fault, self._fault = self._fault, None
        self._look()
        return self._take_change(), fault

    def _take_change(self) -> Stopped | None:
        if not self._changes:
            return None
        (stopped, inferior), known = self._changes.pop(0), self._inferiors.known
        if stopped.why.startswith("fork"):
            known.add(inferior)
        elif (stopped.exit is not None or stopped.killed) and stopped.left is None:
            known.discard(inferior)
        return stopped

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        is_new = process.pid not in self._inferiors.all
        living = self._machine.kernel.processes.keys()
        if is_new or living != self._known or not self._inferiors.has(process.pid, process.l1):
            self._look(process.pid)
        is_ours = is_new and process.pid in self._target.attached
        if is_ours or self._changes or process.pid == self.wanted:
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
            self._status[pid] = Stopped(pid, exit=ending.status & 0xFF)
        else:
            self._status.setdefault(pid, Stopped(pid, OF_FAULT[ending.kind], killed=True))

    def restored(self) -> None:
        self._fault, self._known = None, set(self._machine.kernel.processes)
        self._inferiors.restored()
        self._changes.clear()
        self._status.clear()

    def _look(self, beginning: int | None = None) -> None:
        """Note how inferiors and their threads have changed; beginning: the pid of a new process.

        Not noted is the end of proc0's inferior, with which the machine ends.
        """
        inferiors, target = self._inferiors, self._target
        living = self._machine.kernel.processes
        before = inferiors.all
        inferiors.look(beginning)
        after = inferiors.all
        if after is not before:
            self._tell_ends(before, after)
            for name in sorted({*after.values()} - {*before.values()}):
                self._tell_start(name, before)
            self._tell_threads(before, after)
        self._known = set(living)
        target.attached &= after.keys()
        self._status = {pid: one for pid, one in self._status.items() if pid in living}

    def _tell_ends(self, before: Mapping[int, int], after: Mapping[int, int]) -> None:
        """Note the ends of inferiors, with the status of the process of that name."""
        for name in sorted({*before.values()} - {*after.values()}):
            members = [pid for pid, one in before.items() if one == name]
            gone = [pid for pid in members if pid not in after]
            if PROC0 in gone or self._target.attached.isdisjoint(members):
                continue
            last = name if name in gone else max(gone, default=name)
            self._changes.append((self._end_of(last)._replace(pid=name), name))

    def _tell_start(self, name: int, before: Mapping[int, int]) -> None:
        """Note the start of an inferior: that of a process, or of those that left another behind.

        It is told as a fork, if the debugger wants to know.
        """
        target, members = self._target, self._inferiors.members(name)
        was = {before[pid] for pid in members if pid in before}
        others = [pid for pid in self._inferiors.all if before.get(pid) in was - {name}]
        stayed = [pid for pid in others if pid not in members]
        parent = stayed[0] if stayed else target.process(members[0]).parent
        if not target.tells_starts or parent not in target.attached:
            target.attached.difference_update(members)
        elif target.attached.isdisjoint(members) or stayed:
            target.attached.update(members)
            thread = f"p{name + 1:x}.{members[0] + 1:x}"
            if name not in self._inferiors.known:  # else the debugger was there, and went back
                self._changes.append((Stopped(parent, why=f"fork:{thread};"), name))

    def _tell_threads(self, before: Mapping[int, int], after: Mapping[int, int]) -> None:
        """Attach to new threads of inferiors that are debugged, and note their starts and ends.

        The debugger sees that in its list; it is told of each only if it asks for that.
        """
        target = self._target
        names = {self._inferiors.of(pid) for pid in target.attached if pid in after}
        for pid, name in before.items():
            if pid not in after and name in names and target.tells_threads:
                self._changes.append((self._end_of(pid)._replace(left=name), name))
        for pid, name in after.items():
            if name in names and pid not in target.attached:
                target.attached.add(pid)
                if target.tells_threads:
                    self._changes.append((Stopped(pid, why="create:;"), name))

    def _end_of(self, pid: int) -> Stopped:
        return self._status.get(pid) or Stopped(pid, exit=0)


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

    @property
    def catches(self) -> bool:
        """Whether any calls are caught."""
        return self.numbers != frozenset()

    def take(self) -> Stopped | None:
        """The call at which the machine has paused, once."""
        stopped, self._stopped = self._stopped, None
        return stopped

    def _holds(self, process: Process, number: int) -> bool:
        if not self._catches(process.pid, number):
            return False
        self._within[process.pid] = number
        self._pause(process.pid, CALLED, number)
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
            self._pause(pid, RETURNED, number)

    def _pause(self, pid: int, reason: str, number: int) -> None:
        self._stopped = Stopped(pid, why=f"{reason}{number:x};")
        self._machine.pause()
