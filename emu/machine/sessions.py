"""The semihosting of each process, made at its first semihosting call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.environment.outside import Outside
from kernel_model.kernel import Kernel
from kernel_model.process import Process

BytesAt = Callable[[int, int], bytes | None]
"""bytes_at(va, length)"""

if TYPE_CHECKING:
    from emu.semihosting import Semihosting
    from emu.semihosting.caller import SemihostingState


class SemihostingSessions:
    """Semihosting by process: open files, errno and heap of each.

    read_sp: the stack pointer of the process that runs.  bytes_at: the bytes that it reads at a va,
    or None if they are not all RAM.  note: called with a line about each oddity.
    """

    def __init__(
        self,
        kernel: Kernel,
        outside: Outside,
        read_sp: Callable[[], int],
        bytes_at: BytesAt,
        note: Callable[[str], None],
    ) -> None:
        self._kernel, self._outside = kernel, outside
        self._read_sp, self._bytes_at, self._note = read_sp, bytes_at, note
        self._of: dict[int, Semihosting] = {}

    def of(self, process: Process) -> Semihosting:
        """The semihosting of a process."""
        session = self._of.get(process.pid)
        if session is None:
            from emu.semihosting.process import semihosting_for

            session = self._of[process.pid] = semihosting_for(
                self._kernel, process, self._outside, self._read_sp, self._bytes_at, self._note
            )
        return session

    def heap_of(self, process: Process) -> tuple[int, int] | None:
        """Where the heap that a process has asked for begins and ends (va), or None."""
        session = self._of.get(process.pid)
        return None if session is None else session.process.mapped_heap

    def snapshot(self) -> dict[int, SemihostingState]:
        """The state of each process's semihosting, by pid."""
        return {pid: session.snapshot() for pid, session in sorted(self._of.items())}

    def restore(self, states: dict[int, SemihostingState]) -> None:
        """Give each process the semihosting that it had, and no process any other."""
        for pid in list(self._of):
            self.forget(pid)
        for pid, state in states.items():
            self.of(self._kernel.processes[pid]).restore(state)

    def forget(self, pid: int) -> None:
        """Close what a process that has ended left open."""
        session = self._of.pop(pid, None)
        if session is not None:
            session.close_all()
