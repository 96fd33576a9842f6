"""The semihosting of each process, made when it first asks for some."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.environment.outside import Outside
from kernel_model.kernel import Kernel
from kernel_model.process import Process

if TYPE_CHECKING:
    from emu.semihosting import Semihosting
    from emu.semihosting.caller import SemihostingState


class SemihostingSessions:
    """Semihosting by process: what each has open, its errno, its heap.

    read_sp: the stack pointer of the process that runs.  physical: where it reads an address (pa),
    or -1.  note: told of oddities, one line each.
    """

    def __init__(
        self,
        kernel: Kernel,
        outside: Outside,
        read_sp: Callable[[], int],
        physical: Callable[[int], int],
        note: Callable[[str], None],
    ) -> None:
        self._kernel, self._outside = kernel, outside
        self._read_sp, self._physical, self._note = read_sp, physical, note
        self._of: dict[int, Semihosting] = {}

    def of(self, process: Process) -> Semihosting:
        """The semihosting of a process."""
        session = self._of.get(process.pid)
        if session is None:
            from emu.semihosting.process import semihosting_for

            session = self._of[process.pid] = semihosting_for(
                self._kernel, process, self._outside, self._read_sp, self._physical, self._note
            )
        return session

    def snapshot(self) -> dict[int, SemihostingState]:
        """What each process has, by pid."""
        return {pid: session.snapshot() for pid, session in sorted(self._of.items())}

    def restore(self, states: dict[int, SemihostingState]) -> None:
        """Let each process have what it had, and no other anything."""
        for pid in list(self._of):
            self.forget(pid)
        for pid, state in states.items():
            self.of(self._kernel.processes[pid]).restore(state)

    def forget(self, pid: int) -> None:
        """A process has ended: close what it left open."""
        session = self._of.pop(pid, None)
        if session is not None:
            session.close_all()
