"""Calls of semihosting: by SVCs, and by other instructions that ask for it.

Source: docs/semihosting.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emu.environment.waits import Interrupted
from emu.machine.core import Core
from emu.machine.history import SEMIHOSTING, History
from emu.machine.observers import Observers
from emu.machine.sessions import SemihostingSessions
from emu.machine.svc import Calls
from kernel_model.charges import CALL
from kernel_model.kernel import Kernel

if TYPE_CHECKING:
    from emu.semihosting import Semihosting

_CHARGE: Final = 5 * CALL
"""What a call of semihosting is charged, in instructions, as those of the kernel are (rule 16).

What it reads or writes over more than a page is charged besides, as it is for the kernel's calls.
"""


class SemihostingCalls:
    """Answers the calls of semihosting that one core makes.

    While nobody watches and no other process is ready, this answers the first of a run and those
    that are not short, and leaves the others to ``Svc.let``.
    """

    def __init__(
        self,
        core: Core,
        kernel: Kernel,
        history: History,
        observers: Observers,
        sessions: SemihostingSessions,
        calls: Calls,
    ) -> None:
        self._core, self._kernel, self._calls = core, kernel, calls
        self._number, self._stop = core.number, core.engine.stop
        self._history, self._observers = history, observers
        self._sessions, self._by_pid = sessions, sessions.by_pid
        self._backend, self._svc = core.backend, core.engine.svc
        self._svc.semihosting, core.semihost = self._answer, self._answer_behind
        self._svc.see(core.backend.memory, core.engine.counter, b"")
        calls.svcs.append(self._svc)
        observers.when_changed.append(self._svc.let_nothing)

    def _answer_behind(self) -> None:
        """Make the semihosting call of the instruction before the PC, which was no SVC."""
        core, registers = self._core, self._core.engine.registers
        try:
            result = self._answer(registers.read("r0"), registers.read("r1"))
        except Interrupted:
            core.semihosting.go_back()
            raise
        finally:
            core.engine.control.over()  # it does not run, so that a request to stop it is nothing
        if result is not None:
            registers.write_r0(result)

    def _answer(
        self, operation: int, argument: int, words: tuple[int, ...] | None = None
    ) -> int | None:
        """Answer a call of semihosting.  words: those of the block at ``argument``, if known."""
        kernel = self._kernel
        number = self._number  # one by one: together they would become a tuple first
        process = kernel.running[number]
        if process is None:
            raise AssertionError("SemihostingCalls: a call while no process runs")
        self._calls.told += 1
        history = self._history
        history.under_way = history.made, process.pid, SEMIHOSTING, ()
        if kernel.core != number:
            kernel.enter(number)  # it may map a heap, or end the process
        kernel.work = 0
        observers = self._observers
        if observers.semihosting:
            for tell in observers.semihosting:
                tell(self._core, process, operation, argument)
        try:
            session = self._by_pid.get(process.pid) or self._sessions.of(process)
            if words is None:
                result = session.call(operation, argument)
            else:
                result = session.handlers[operation](session, words)
        except OSError as error:
            result = session.failed(error)
        except Interrupted:
            self._calls.told -= 1  # it is made again
            raise
        self._core.spend(_CHARGE + kernel.work)
        if observers.semihosted:
            for tell in observers.semihosted:
                tell(self._core, process, operation, result)
        if kernel.running[number] is not process:
            self._stop()
            return None
        if not (self._backend.is_in_step or self._backend.sync()):
            self._stop()
        self._let_short_ones(session)
        return result

    def _let_short_ones(self, session: Semihosting) -> None:
        """Leave further short calls of this run to the session, if nobody is to hear of them."""
        if not (self._core.is_sliced or self._observers.watch_short_calls):
            self._svc.let(session, session.short_ones)
