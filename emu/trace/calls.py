"""The trace of calls: the kernel's and semihosting's, like strace."""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from typing import NamedTuple

from emu.decoding import semihosting as semihost
from emu.decoding.arguments import Value, death_text, error_text
from emu.machine.core import Core
from emu.machine.observers import Observer, Words
from emu.trace.events import CallEvent, Phase
from emu.trace.recorder import Recorder
from emu.trace.selection import CallChoice
from kernel_model.abi import Error, ProcState
from kernel_model.call import Argument, CallRow
from kernel_model.events import DeathTold
from kernel_model.process import Death, Failed, Process, Result, Resume


class Pending(NamedTuple):
    """A call that has no answer yet.  number: the call's, or 0 of semihosting."""

    number: int
    name: str
    row: tuple[Argument, ...]
    values: tuple[Value, ...]


class CallTracer(Observer):
    """Emits a ``CallEvent`` when a call is answered, begins to wait, or ends its wait."""

    def __init__(self, recorder: Recorder, choice: CallChoice) -> None:
        self.recorder, self._choice = recorder, choice
        self._pending: dict[int, Pending] = {}
        self._asking: int | None = None  # the pid whose call is being answered
        self._told: dict[int, Death] = {}
        """By pid, the death that answers the process's call in place of an error."""

    def calling(self, core: Core, process: Process, call: CallRow, words: Words) -> None:
        if self._choice.wants(call.name) and self.recorder.wants_code(process.pid):
            values = self.recorder.decoder(process).values(call.arguments, words)
            number = self.recorder.history.made + 1  # counted when it is made
            self._ask(process, Pending(number, call.name, call.arguments, values))

    def _ask(self, process: Process, pending: Pending) -> None:
        self._pending[process.pid] = pending
        self._asking = process.pid
        self.recorder.hold()

    def death_told(self, event: DeathTold) -> None:
        if event.pid in self._pending:
            self._told[event.pid] = event.death

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        self._asking = None
        pending = self._pending.get(process.pid)
        if pending is None:
            return
        if result is not None:
            refusal = self.recorder.kernel.refusal
            error = None if refusal is None else refusal.error
            self._answered(process, Phase.WHOLE, result, error)
        elif process.state is ProcState.DEAD:
            del self._pending[process.pid]
            self._emit(process.pid, pending, Phase.WHOLE, pending.values, None)
        else:
            self._emit(process.pid, pending, Phase.BEGUN, pending.values, None)

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        if isinstance(resume, Result | Failed) and process.pid in self._pending:
            error = resume.error if isinstance(resume, Failed) else None
            self._answered(process, Phase.RESUMED, resume.r0, error)

    def _answered(self, process: Process, phase: Phase, result: int, failed: Error | None) -> None:
        pending = self._pending.pop(process.pid)
        _, _, row, asked = pending
        decoder = self.recorder.decoder(process)
        whole, death = phase is Phase.WHOLE, self._told.pop(process.pid, None)
        error, reason = error_text(failed or (Error.PEER_DIED if death else None))
        if error:
            values = asked if whole else ()
            refusal = self.recorder.kernel.refusal
            if whole and failed and refusal is not None:
                reason = refusal.text
            elif death is not None:
                reason = death_text(death)
        else:
            values = (decoder.filled if whole else decoder.stored)(row, asked, result)
        self._emit(process.pid, pending, phase, values, result, error, reason)

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        name = semihost.operation_name(operation)
        if self._choice.wants(name) and self.recorder.wants_code(process.pid):
            values = semihost.operands(self.recorder.decoder(process), operation, argument)
            self._ask(process, Pending(0, name, (), values))

    def semihosted(self, core: Core, process: Process, operation: int, result: int) -> None:
        self._asking = None
        pending = self._pending.pop(process.pid, None)
        if pending is None:
            return
        shown: int | None = result
        error, values = "", pending.values
        if process.state is ProcState.DEAD:
            shown = None
        elif result == -1 and semihost.may_fail(operation):
            from emu.semihosting.caller import errno_name

            error = errno_name(self.recorder.sessions.of(process).errno)
        else:
            values = semihost.filled(
                self.recorder.decoder(process), operation, pending.values, result
            )
        self._emit(process.pid, pending, Phase.WHOLE, values, shown, error)

    def restored(self) -> None:
        """Keep the calls that waited at the snapshot, and drop later ones and semihosting's."""
        recorder, self._asking = self.recorder, None
        recorder.release()
        self._told.clear()
        made = range(1, recorder.history.made + 1)
        self._pending = {pid: one for pid, one in self._pending.items() if one.number in made}
        for pid, (number, _, call, words) in recorder.history.waiting.items():
            if self._choice.wants(call.name) and recorder.filter.wants(pid):
                decoder = recorder.decoder(recorder.kernel.processes[pid])
                values = decoder.values(call.arguments, words)
                self._pending[pid] = Pending(number, call.name, call.arguments, values)

    def finish(self) -> None:
        """Emit the call that waits for input, if the run was interrupted in it."""
        if self._asking is not None:
            pending = self._pending[self._asking]
            self._emit(self._asking, pending, Phase.BEGUN, pending.values, None)
            self._asking = None

    def _emit(
        self,
        pid: int,
        pending: Pending,
        phase: Phase,
        values: tuple[Value, ...],
        result: int | None,
        error: str = "",
        reason: str = "",
    ) -> None:
        if self._choice.only_failed and not error:
            self.recorder.release()
            return
        time, hosted = self.recorder.time, not pending.number
        event = CallEvent(
            time, pid, pending.name, phase, values, result, error, reason, hosted, pending.number
        )
        self.recorder.emit_first(event)
