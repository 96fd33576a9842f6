"""The semihosting of each process, made at its first semihosting call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from emu.environment.outside import Outside
from kernel_model.kernel import Kernel
from kernel_model.process import Process

if TYPE_CHECKING:
    from emu.machine.core import Core
    from emu.semihosting import Semihosting
    from emu.semihosting.caller import SemihostingState


class SemihostingSessions:
    """Semihosting by process: open files, errno and heap of each.

    read_sp: the stack pointer of the process that runs.  note: called with a line about each
    oddity.  by_pid: those that have been made, always in the same
    dictionary.
    """

    def __init__(
        self,
        kernel: Kernel,
        outside: Outside,
        read_sp: Callable[[], int],
        cores: Sequence[Core],
        note: Callable[[str], None],
    ) -> None:
        self._kernel, self._outside = kernel, outside
        self._read_sp, self._cores, self._note = read_sp, cores, note
        self.by_pid: dict[int, Semihosting] = {}

    def of(self, process: Process) -> Semihosting:
        """The semihosting of a process."""
        session = self.by_pid.get(process.pid)
        if session is None:
            session = self.by_pid[process.pid] = self._make(process)
        return session

    def _make(self, process: Process) -> Semihosting:
        """From now on the cores know which operations have their operands in memory."""
        from emu.semihosting.operations import BLOCKS
        from emu.semihosting.process import semihosting_for

        for core in self._cores:
            core.engine.svc.see(core.backend.memory, core.engine.counter, BLOCKS)
        ram = self._cores[0].backend.memory
        return semihosting_for(self._kernel, process, self._outside, self._read_sp, ram, self._note)

    def heap_of(self, process: Process) -> tuple[int, int] | None:
        """Where the heap that a process has asked for begins and ends (va), or None."""
        session = self.by_pid.get(process.pid)
        return None if session is None else session.process.mapped_heap

    def snapshot(self) -> dict[int, SemihostingState]:
        """The state of each process's semihosting, by pid."""
        return {pid: session.snapshot() for pid, session in sorted(self.by_pid.items())}

    def restore(self, states: dict[int, SemihostingState]) -> None:
        """Give each process the semihosting that it had, and no process any other."""
        for pid in list(self.by_pid):
            self.forget(pid)
        for pid, state in states.items():
            self.of(self._kernel.processes[pid]).restore(state)

    def forget(self, pid: int) -> None:
        """Close what a process that has ended left open."""
        session = self.by_pid.pop(pid, None)
        if session is not None:
            session.close_all()
