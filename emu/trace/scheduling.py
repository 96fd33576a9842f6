"""The trace of turns: which process gets the processor, why the last one lost it, how each ends."""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from emu.decoding import semihosting as semihost
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.observers import Observer, Words
from emu.trace.events import Turn, TurnEvent
from emu.trace.recorder import Recorder
from kernel_model.abi import NO_ID, ProcState
from kernel_model.call import CallRow, signed
from kernel_model.events import ProcessEnded
from kernel_model.process import Exited, Process, Resume, Start


class TurnTracer(Observer):
    """Emits ``TurnEvent``."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._before: Process | None = None
        self._status = 0
        self._living: set[int] = set()
        self._cause = 0  # the pid of the process that last did something
        self._exited = -1  # the pid of the last process that ended itself

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        self._others_ended(core)
        before, self._before = self._before, process
        if switched or isinstance(resume, Start):
            turn = Turn.STARTS if isinstance(resume, Start) else Turn.RUNS
            last = -1 if before is None else before.pid
            self._emit(process.pid, turn, last, core.engine.registers.pc, _why(before))

    def calling(self, core: Core, process: Process, call: CallRow, words: Words) -> None:
        self._status, self._cause = signed(words[0]), process.pid

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        self._ended(core, process)

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:
        decoder, self._cause = self.recorder.decoder(process), process.pid
        self._status = semihost.exit_status(decoder, operation, argument)

    def semihosted(self, core: Core, process: Process, operation: int, result: int) -> None:
        self._ended(core, process)

    def process_ended(self, event: ProcessEnded) -> None:
        if isinstance(event.ending, Exited):
            self._exited = event.pid

    def restored(self) -> None:
        self._exited = -1
        self._before = self.recorder.core.loaded
        self._living = set(self.recorder.kernel.processes)

    def faulted(self, core: Core, fault: MachineFault) -> None:
        self._cause = fault.pid
        if self.recorder.kernel.processes[fault.pid].handler == NO_ID:
            self._living.discard(fault.pid)
            self._emit(fault.pid, Turn.ENDS, -1, fault.pc, f"killed by a fault: {fault.kind}")

    def _ended(self, core: Core, process: Process) -> None:
        if process.pid == self._exited and process.state is ProcState.DEAD:
            pc = core.engine.registers.pc
            self._living.discard(process.pid)
            self._emit(process.pid, Turn.ENDS, -1, pc, f"exited with {self._status}")
        self._others_ended(core)

    def _others_ended(self, core: Core) -> None:
        """Emit the ends that others have caused: by a call, an answer to a fault, or their end."""
        living = self.recorder.kernel.processes
        for pid in sorted(self._living - living.keys()):
            pc = core.engine.registers.pc
            self._emit(pid, Turn.ENDS, -1, pc, f"ended by what process {self._cause} did")
        self._living = set(living)

    def _emit(self, pid: int, turn: Turn, before: int, pc: int, why: str) -> None:
        wants = self.recorder.filter.wants
        if wants(pid) or (before >= 0 and wants(before)):
            self.recorder.emit(TurnEvent(self.recorder.time, pid, turn, before, pc, why))


def _why(before: Process | None) -> str:
    """Why the process that ran before no longer runs."""
    if before is None:
        return ""
    what = {
        ProcState.NEW: "has not started",
        ProcState.READY: "has had its turn",
        ProcState.SENDING: f"waits for {before.partner} to receive",
        ProcState.RECEIVING: "waits for a message",
        ProcState.DEAD: "has ended",
        ProcState.CALLING: f"calls {before.partner}",
        ProcState.AWAITING: f"waits for the reply of {before.partner}",
        ProcState.FAULTED: f"has faulted, and waits for {before.partner} to receive that",
        ProcState.STOPPED: f"has faulted, and waits for the answer of {before.partner}",
        ProcState.READING: "waits for the console",
    }
    return f"{before.pid} {what[before.state]}"
