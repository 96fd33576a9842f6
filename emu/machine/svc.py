"""SVCs that are calls of the kernel.

This is the hot path of a call: the registers, the immediate, the row of the kernel's table, the
call itself, the result in r0.
Source: docs/kernel.md, "Making a call".
"""

from __future__ import annotations

from collections.abc import Callable

from emu.cpu.registers import in_it_block
from emu.cpu.svc import Svc
from emu.environment.waits import Interrupted
from emu.machine.core import Core
from emu.machine.history import History
from emu.machine.observers import Observers, Words
from kernel_model.abi import ProcState
from kernel_model.call import CallRow
from kernel_model.charges import CALL
from kernel_model.kernel import Kernel
from kernel_model.process import Process
from kernel_model.trap import trap

_BLOCKED = (
    ProcState.SENDING,
    ProcState.RECEIVING,
    ProcState.CALLING,
    ProcState.AWAITING,
    ProcState.READING,
)


class Calls:
    """The number of calls made: of the kernel, by number; of semihosting, in all.

    unknown: calls with numbers that are not in the table.
    told: calls of semihosting, apart from those that ``svcs`` have counted themselves.
    decide: makes a call of the kernel: the kernel's own ``trap``, or what answers in its place.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.decide: Callable[[Kernel, int, CallRow, Words], int | None] = trap
        self.by_number = {call.number: 0 for call in kernel.calls}
        self.unknown = 0
        self.svcs: list[Svc] = []
        self.told = 0

    def snapshot(self) -> tuple[tuple[int, ...], int, int]:
        """The counts as a value."""
        return tuple(self.by_number.values()), self.unknown, self.semihosting

    def restore(self, state: tuple[tuple[int, ...], int, int]) -> None:
        """Set the counts."""
        counts, self.unknown, semihosting = state
        self.told += semihosting - self.semihosting
        self.by_number.update(zip(self.by_number, counts, strict=True))

    @property
    def semihosting(self) -> int:
        """Calls of semihosting."""
        return self.told + sum(svc.taken for svc in self.svcs)

    @property
    def total(self) -> int:
        """Calls of the kernel, including unknown numbers."""
        return sum(self.by_number.values()) + self.unknown


class SvcHandler:
    """Answers the calls of the kernel that one core makes."""

    def __init__(
        self,
        core: Core,
        kernel: Kernel,
        history: History,
        observers: Observers,
        calls: Calls,
    ) -> None:
        self._core, self._kernel, self._calls = core, kernel, calls
        self._number, self._counts = core.number, calls.by_number
        self._history, self._observers = history, observers
        self._find, self._stop = kernel.calls.find, core.engine.stop
        self._backend = core.backend
        core.engine.on_svc, core.resume_call = self.handle, self._resume_call

    def handle(self, r0: int, r1: int, r2: int, r3: int, number: int) -> int | None:
        """Answer an SVC; the PC is past it.  number: r12.

        Returns the value for r0, or None where r0 stays.
        """
        try:
            self._counts[number] += 1
        except KeyError:
            self._calls.unknown += 1
        if self._observers.watch_calls and self._ends_before(number):
            return None
        try:
            result = self._call(self._find(number), (r0, r1, r2, r3))
        except Interrupted:
            self._will_be_made_again(number)
            raise
        if result is None or (self._kernel.ready and not self._core.is_sliced):
            self._stop()  # another process is ready now: time is sliced from here on
        elif not self._backend.is_in_step and not self._backend.sync():
            self._stop()
        return result

    def _ends_before(self, number: int) -> bool:
        """Whether the run is to end before this call, which ``_resume_call`` makes."""
        call_filter = self._observers.call_filter
        if call_filter is None or not call_filter(self._process(), number):
            return False
        self._core.is_call_pending = True
        self._stop()
        return True

    def _resume_call(self) -> None:
        """Make the call that the last run ended before, with the registers as they are now."""
        core = self._core
        core.is_call_pending = False
        r0, r1, r2, r3, number, *_ = core.engine.registers.syscall.read()
        try:
            result = self._call(self._find(number), (r0, r1, r2, r3))
        except Interrupted:
            core.is_call_pending = True  # the call has done nothing but wait
            raise
        if result is not None:
            core.engine.registers.write_r0(result)

    def _will_be_made_again(self, number: int) -> None:
        """A call has done nothing but wait: the engine goes back to its SVC, or it is pending.

        Inside an IT block the engine does not go back.
        """
        if in_it_block(self._core.engine.registers.read("cpsr")):
            self._core.is_call_pending = True
        else:
            self._counts[number] -= 1

    def _process(self) -> Process:
        """The process that made the SVC."""
        process = self._kernel.running[self._number]
        if process is None:
            raise AssertionError("SvcHandler: an SVC while no process runs")
        return process

    def _call(self, call: CallRow, words: Words) -> int | None:
        """A call, entered in the history if it changes something, blocks or is refused."""
        kernel, history, number = self._kernel, self._history, self._number
        process = kernel.running[number] or self._process()
        watched = self._observers.watch_calls
        if watched:
            for tell in self._observers.calling:
                tell(self._core, process, call, words)
        history.made += 1
        history.under_way = (history.made, process.pid, call, words)
        try:
            result = self._calls.decide(kernel, number, call, words)
        except Interrupted:
            history.made -= 1  # it is made again
            raise
        if self._core.is_sliced:
            self._core.spend(CALL + kernel.work)
        blocks = result is None and process.state in _BLOCKED
        if blocks or call.changes or kernel.refusal is not None:
            self._remember(process, result, blocks)
        return self._tell_called(process, call, result) if watched else result

    def _tell_called(self, process: Process, call: CallRow, result: int | None) -> int | None:
        """Tell the observers, who find the result in r0 and may set registers.

        Returns what remains to be written to r0.
        """
        registers = self._core.engine.registers
        if result is not None:
            registers.write_r0(result)
        registers.were_set = False
        for tell in self._observers.called:
            tell(self._core, process, call, result)
        return None if registers.were_set else result

    def _remember(self, process: Process, result: int | None, blocks: bool) -> None:
        history, refusal = self._history, self._kernel.refusal
        if blocks:
            history.waiting[process.pid] = history.under_way
            return
        entry = history.now
        if refusal is not None:
            history.refused(entry, refusal)
            for tell in self._observers.refused:
                tell(process, entry, refusal)
        else:
            history.calls.append((entry, result))
