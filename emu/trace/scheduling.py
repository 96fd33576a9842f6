"""The trace of turns: who gets the processor, why the one before lost it, and how each ends."""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from emu.decoding import semihosting as semihost
from emu.machine.core import Core
from emu.machine.fault import Fault
from emu.machine.observers import Observer, Words
from emu.trace.events import Scheduled, Turn
from emu.trace.recorder import Recorder
from kernel_model.abi import ProcState
from kernel_model.call import Call, signed
from kernel_model.process import Process, Resume, Start


class TurnTracer(Observer):
    """Emits ``Scheduled``."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._before: Process | None = None
        self._status = 0

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        before, self._before = self._before, process
        if switched or isinstance(resume, Start):
            turn = Turn.STARTS if isinstance(resume, Start) else Turn.RUNS
            last = -1 if before is None else before.pid
            self._emit(process.pid, turn, last, core.engine.registers.pc, _why(before))

    def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:
        self._status = signed(words[0])

    def called(self, core: Core, process: Process, call: Call, result: int | None) -> None:
        self._ended(core, process)

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        decoder = self.recorder.decoder(process)
        self._status = semihost.exit_status(decoder, operation, argument)

    def semihosted(self, core: Core, process: Process, operation: int, result: int) -> None:
        self._ended(core, process)

    def faulted(self, core: Core, fault: Fault) -> None:
        self._emit(fault.pid, Turn.ENDS, -1, fault.pc, f"killed by a fault: {fault.kind}")

    def _ended(self, core: Core, process: Process) -> None:
        if process.state is ProcState.DEAD:
            pc = core.engine.registers.pc
            self._emit(process.pid, Turn.ENDS, -1, pc, f"exited with {self._status}")

    def _emit(self, pid: int, turn: Turn, before: int, pc: int, why: str) -> None:
        wants = self.recorder.filter.wants
        if wants(pid) or (before >= 0 and wants(before)):
            self.recorder.emit(Scheduled(self.recorder.time, pid, turn, before, pc, why))


def _why(before: Process | None) -> str:
    """Why the process that ran before no longer does."""
    if before is None:
        return ""
    what = {
        ProcState.NEW: "has not started",
        ProcState.READY: "has had its turn",
        ProcState.SENDING: f"waits for {before.partner} to receive",
        ProcState.RECEIVING: "waits for a message",
        ProcState.DEAD: "has ended",
    }
    return f"{before.pid} {what[before.state]}"
