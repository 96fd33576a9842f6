"""When a machine may be run, read and changed: every method works at once or raises at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident

from kernel_model.process import Process


class MachineRunningError(RuntimeError):
    """What was asked for cannot be done while the machine runs; the text says what."""


class Running:
    """Whether the machine runs, and where its program stands meanwhile.

    told: the process of the event whose callback is under way, or None.  In a callback the program
    stands between two instructions.  Elsewhere in a run, as where a program waits for its input,
    a call may be half done.
    """

    def __init__(self, on_write: Callable[[int | None], None]) -> None:
        """on_write: called after a script has written, with a pid for registers."""
        self._lock, self._on_write = Lock(), on_write
        self._thread = 0
        self.told: Process | None = None

    @contextmanager
    def run(self, what: str) -> Iterator[None]:
        """Run the machine in this block.  what: the method.  Errors: MachineRunningError."""
        if not self._lock.acquire(blocking=False):
            raise MachineRunningError(f"{what}: the machine runs already")
        self._thread = get_ident()
        try:
            yield
        finally:
            self._thread = 0
            self._lock.release()

    @contextmanager
    def telling(self, process: Process) -> Iterator[None]:
        """Tell a callback of an event of this process in this block."""
        before, self.told = self.told, process
        try:
            yield
        finally:
            self.told = before

    def written(self, pid: int | None) -> None:
        """Registers of a process were set, or memory, if None."""
        self._on_write(pid)

    def check_readable(self, what: str) -> None:
        """Errors: MachineRunningError, in another thread than the machine's while it runs."""
        if self._thread not in (0, get_ident()):
            raise MachineRunningError(f"{what}: the machine runs in another thread")

    def check_settled(self, what: str) -> None:
        """Errors: MachineRunningError, where the program does not stand between instructions."""
        self.check_readable(what)
        if self._thread and self.told is None:
            raise MachineRunningError(f"{what}: the machine runs, and a call may be half done")
