"""What an SVC asks for: a call of the kernel's, or Arm semihosting.

This is the hot path of a call: one batch read of the registers, the immediate, the trap,
one register written.  Source: spec, "Calling convention" and "Programs".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emu.machine.history import SEMIHOSTING, TELLING, Act
from kernel_model.abi import Error
from kernel_model.errors import Refused
from kernel_model.process import Process
from kernel_model.syscalls import CALLS, trap

if TYPE_CHECKING:
    from emu.cpu.engine import Engine
    from emu.machine.checker import Checker
    from emu.machine.machine import Machine
    from emu.semihosting import Semihosting

ARM_SEMIHOSTING = 0xEF123456
THUMB_SEMIHOSTING = 0xDFAB
_IMMEDIATES = (0x3456, 0xAB)
"""What of those two the syndrome register has: 16 bits."""

UNKNOWN = len(CALLS)


class SvcHandler:
    """Answers SVCs.  ``calls[number]`` counts each call; the last counts unknown numbers.

    answer, semihost: who answers a call of either kind; observers put themselves in front.
    checker: checks everything after each call, if there is one.
    on_refused: told of each call that failed, before its process goes on.
    """

    def __init__(self, machine: Machine, note: Callable[[str], None]) -> None:
        self.machine = machine
        self.kernel = machine.kernel
        self.engine = machine.engine
        self.ram = machine.ram.ram
        self.fetch_pa = machine.backend.physical
        self.note = note
        self._fetch, self._registers = self.engine.syscall.fetch, self.engine.syscall.values
        self.journal = machine.host.journal
        self.on_refused: Callable[[Act, Refused], None] | None = None
        self.checker: Checker | None = None
        self.calls = [0] * (UNKNOWN + 1)
        self.semihosting_calls = 0
        self._semihosting: dict[int, Semihosting] = {}
        self.answer: Callable[[int, int, int, int, int], int | None] = self._call
        self.semihost: Callable[[Process, int, int], int] = self._call_semihosting

    def handle(self, engine: Engine) -> None:
        """One SVC; the PC is past it."""
        self._fetch()
        r0, r1, r2, r3, number, syndrome = self._registers
        if syndrome & 0xFFFF in _IMMEDIATES and self._is_semihosting():
            self._semihost(r0, r1)
            return
        self.calls[number if number < UNKNOWN else UNKNOWN] += 1
        result = self.answer(number, r0, r1, r2, r3)
        if self.checker is not None:
            self.checker.check()
        if result is None:
            engine.stop()
            return
        engine.write_r0(result)
        if self.kernel.ready and not self.machine.bounded:
            engine.stop()  # somebody else is ready now: from here on time is sliced

    def _call(self, number: int, r0: int, r1: int, r2: int, r3: int) -> int | None:
        """A call of the current process, entered in the journal if it is to be remembered."""
        kernel, journal = self.kernel, self.journal
        caller = kernel.current
        if caller is None:
            raise AssertionError("an SVC while nobody runs")
        journal.count += 1
        is_telling = number in TELLING
        if is_telling:
            journal.now = (journal.count, caller.pid, number, r0, r1, r2, r3)
        result = trap(kernel, number, r0, r1, r2, r3)
        if is_telling or result is None or kernel.refusal is not None:
            act = (journal.count, caller.pid, number, r0, r1, r2, r3)
            self._remember(act, result)
        return result

    def _remember(self, act: Act, result: int | None) -> None:
        """Enter a call that changed something, that blocked, or that was refused."""
        if self.kernel.refusal is not None:
            self._refused(act, self.kernel.refusal)
        elif act[2] in TELLING:
            self.journal.calls.append((act, result))
        if result is None:
            self.journal.waiting[act[1]] = act

    def failed_waiting(self, process: Process, error: int) -> None:
        """A call that blocked has failed after all."""
        self._refused(self.journal.waiting[process.pid], Refused(Error(error)))

    def _refused(self, act: Act, refusal: Refused) -> None:
        self.journal.refusals.append((act, refusal.error, refusal.text))
        if self.on_refused is not None:
            self.on_refused(act, refusal)

    def _is_semihosting(self) -> bool:
        """Whether the SVC is just so: its immediate may be longer, or of the other state."""
        pc = self.engine.pc
        if self.engine.thumb:
            pa = self.fetch_pa(pc - 2)
            word = self.ram.read_word(pa & ~3)
            return (word >> 16 if pa & 2 else word & 0xFFFF) == THUMB_SEMIHOSTING
        return self.ram.read_word(self.fetch_pa(pc - 4)) == ARM_SEMIHOSTING

    def _semihost(self, operation: int, argument: int) -> None:
        process = self.kernel.current
        if process is None:
            raise AssertionError("an SVC while nobody runs")
        self.semihosting_calls += 1
        self.journal.now = (self.journal.count, process.pid, SEMIHOSTING)
        result = self.semihost(process, operation, argument)
        if self.kernel.current is process:
            self.engine.write_r0(result)
        else:
            self.engine.stop()

    def _call_semihosting(self, process: Process, operation: int, argument: int) -> int:
        return self._of(process).call(operation, argument)

    def _of(self, process: Process) -> Semihosting:
        """The process's semihosting, made when it first asks."""
        service = self._semihosting.get(process.pid)
        if service is None:
            from emu.semihosting.process import semihosting_for

            service = self._semihosting[process.pid] = semihosting_for(
                self.kernel,
                process,
                self.machine.world,
                lambda: self.machine.engine.read("sp"),
                self.note,
            )
        return service

    def errno_name(self, process: Process) -> str:
        """The name of the last error of the process's semihosting, for traces."""
        from emu.semihosting.service import errno_name

        return errno_name(self._of(process).errno)

    def forget(self, process: Process) -> None:
        """The process has ended: close what it had open."""
        service = self._semihosting.pop(process.pid, None)
        if service is not None:
            service.close_all()
