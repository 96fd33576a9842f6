"""The machine as a debugger sees it: inferiors, their registers and memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.api.memory import AddressError, Memory, virtual_memory
from emu.cpu.registers import State
from emu.gdb.features import CORE, DOUBLES, REGISTERS
from emu.gdb.inferiors import Inferiors
from emu.machine.machine import Machine
from kernel_model.kernel import PROC0
from kernel_model.process import Process

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.recording.timeline import Timeline


class _Changes:
    """What the debugger has changed at this stop.

    are_made: whether it has changed anything.  before: the registers as they were, of processes of
    which it has set some.  vspaces: those through which it has written (frame ids of their L1s).
    """

    def __init__(self) -> None:
        self.are_made = False
        self.before: dict[int, list[int]] = {}
        self.vspaces: set[int] = set()


class Target:
    """One machine under a debugger: its processes, their registers and memory.

    attached: the pids of the processes under the debugger, which is told of no others.
    tells_starts: whether the debugger wants to be told when an inferior starts.
    tells_threads: whether it wants to be told when a thread starts or ends.
    is_killed: whether the debugger has ended the machine, which may be started again.
    """

    def __init__(
        self,
        machine: Machine,
        files: Callable[[], DebugFiles],
        program: str,
        timeline: Timeline | None = None,
    ) -> None:
        """timeline: the machine's past, if it is kept."""
        self.machine, self.files, self.timeline = machine, files, timeline
        self.program = os.path.abspath(program)
        self.detached: set[int] = set()
        """The pids that the debugger has let go."""
        self.inferiors = Inferiors(machine)
        self.attached: set[int] = set(self.inferiors.all)
        self.tells_starts = self.tells_threads = self.is_killed = False
        self._changes = _Changes()
        self._begin = machine.snapshot()

    def restart(self) -> None:
        """Start again: restore the machine as it was when the first debugger connected."""
        self._changes = _Changes()
        if self.timeline is None:
            self.machine.restore(self._begin)
        else:
            self.timeline.start_over(self._begin)
        self.attach_all()
        self.is_killed = False

    def changed(self) -> None:
        """The debugger changes the machine.  Errors: ValueError, if it is that of a recording."""
        if self.timeline is not None and self.timeline.is_recorded:
            raise ValueError("a recording cannot be changed")
        self._changes.are_made = True

    def settle(self) -> None:
        """The machine is to run: what was before a change does not lead here."""
        if self._changes.are_made and self.timeline is not None:
            self.timeline.forget()
        self._changes = _Changes()

    def is_repaired(self, pid: int) -> bool:
        """Whether the debugger has changed registers or memory of a process at this stop.

        Memory is written through a vspace, for all processes that are on it.
        """
        before = self._changes.before.get(pid)
        is_set = before is not None and before != self.registers(pid)
        return is_set or self.process(pid).l1 in self._changes.vspaces

    def attach(self, pid: int) -> None:
        """Attach to the inferior of a process: by request, or because it has stopped."""
        name = self.inferiors.of(pid)
        self.inferiors.known.add(name)
        self.attached.update(self.inferiors.members(name))
        self.detached -= self.attached

    def detach(self, inferior: int) -> None:
        """Let all processes of an inferior go."""
        pids = self.inferiors.members(inferior)
        self.inferiors.known.discard(inferior)
        self.attached.difference_update(pids)
        self.detached.update(pids)

    def attach_all(self) -> None:
        """Attach to every process that has begun."""
        self.detached.clear()
        self.attached.clear()
        self.attached.update(self.inferiors.all)
        self.inferiors.know_all()

    # Processes

    @property
    def pids(self) -> list[int]:
        """The pids of attached processes that live and have begun."""
        living = self.machine.kernel.processes
        over = self.is_over or self.is_killed
        return [] if over else [pid for pid in living if pid in self.attached]

    def thread(self, pid: int) -> bytes:
        """The protocol's name of a process as a thread."""
        return b"p%x.%x" % (self.inferiors.of(pid) + 1, pid + 1)

    @property
    def is_over(self) -> bool:
        """Whether the machine has ended, so that nothing is left to debug."""
        return self.machine.has_ended

    def process(self, pid: int) -> Process:
        """The living process with this pid.  Errors: KeyError."""
        return self.machine.kernel.processes[pid]

    @property
    def current(self) -> int:
        """The pid of the process that runs, else of an attached one, else of proc0."""
        running = self.machine.running
        return running.pid if running is not None else next(iter(self.pids), PROC0)

    @property
    def arguments(self) -> list[bytes]:
        """The program's arguments, without its name."""
        return [os.fsencode(word) for word in self.machine.outside.beginning.arguments[1:]]

    def executable(self, pid: int) -> str:
        """The executable of a process, recognised by the code at its PC; "" if none matches."""
        if pid == PROC0:
            return self.program
        pc = self.state(pid).core[15] & ~3
        try:
            code = self.memory(pid).read(pc, 4)
        except AddressError:
            return ""
        file = self.files().of(pid, pc, code)
        return "" if file is None else os.path.abspath(file.name)

    # Registers: r0 to cpsr, d0 to d31, fpscr

    def state(self, pid: int) -> State:
        return self.machine.state_of(self.process(pid))

    def registers(self, pid: int) -> list[int]:
        state = self.state(pid)
        return [*state.core, *state.vfp, state.fpscr]

    def set_registers(self, pid: int, values: list[int]) -> None:
        """Set all registers of a process."""
        assert len(values) == REGISTERS
        core, vfp = tuple(values[:CORE]), tuple(values[CORE : CORE + DOUBLES])
        before = self.state(pid)
        self.changed()
        self._changes.before.setdefault(pid, self.registers(pid))
        if (vfp, values[-1]) != (before.vfp, before.fpscr):
            self.machine.set_state(self.process(pid), before._replace(vfp=vfp, fpscr=values[-1]))
        if core != before.core:
            self.machine.set_registers(self.process(pid), core)

    # Memory

    def write(self, pid: int, va: int, data: bytes) -> None:
        """Write to memory as this process's tables map it.  Errors: AddressError."""
        self.changed()
        self.memory(pid).write(va, data)
        if data:
            self._changes.vspaces.add(self.process(pid).l1)

    def memory(self, pid: int) -> Memory:
        """Memory as this process's tables map it."""
        return virtual_memory(self.machine, self.process(pid))
