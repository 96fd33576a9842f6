"""The trace of messages: who sent what to whom, when it arrived.

The kernel says nothing of messages.  A ``send`` or ``call`` that finds its receiver waiting and a
``recv`` that finds a sender waiting deliver one, and so do the ``send`` that starts a child or
answers a fault, the ``reply``, and a fault whose handler waits.
"""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from emu.machine.core import Core
from emu.machine.fault import Fault, record_of
from emu.machine.observers import Observer, Words
from emu.trace.events import Message, Sort
from emu.trace.recorder import Recorder
from kernel_model.abi import FAULT_BIT, MESSAGE_SIZE, ProcState
from kernel_model.call import Call
from kernel_model.process import Process
from kernel_model.user import writable

_SENDS = {"send": Sort.MESSAGE, "call": Sort.CALL, "reply": Sort.REPLY}
_STATE_SORTS = {ProcState.CALLING: Sort.CALL, ProcState.FAULTED: Sort.FAULT}


class MessageTracer(Observer):
    """Emits ``Message``."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._message = b""
        self._sort = Sort.MESSAGE
        self._target: Process | None = None
        self._received = 0
        self._state = ProcState.READY

    def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:
        """Remember what a delivery will be told by."""
        kernel = self.recorder.kernel
        self._message, self._target = b"", None
        if call.name in _SENDS:
            self._target, self._sort = kernel.processes.get(words[0]), _SENDS[call.name]
            self._message = self.recorder.decoder(process).read(words[1], MESSAGE_SIZE) or b""
        elif call.name == "recv" and process.senders:
            sender = kernel.processes[next(iter(process.senders))]
            self._target, self._message = process, sender.message
            self._sort = _STATE_SORTS.get(sender.state, Sort.MESSAGE)
        if self._target is not None:
            self._received, self._state = self._target.received, self._target.state

    def called(self, core: Core, process: Process, call: Call, result: int | None) -> None:
        target = self._target
        if target is None or (result is not None and result < 0):
            return
        if call.name == "recv":
            if result is not None:
                self._emit(result & ~FAULT_BIT, process.pid, self._sort)
        elif self._state is ProcState.NEW and target.state is ProcState.READY:
            self._emit(process.pid, target.pid, Sort.START)
        elif self._state is ProcState.STOPPED and target.state is not ProcState.STOPPED:
            self._emit(process.pid, target.pid, Sort.ANSWER)
        elif target.received != self._received:
            self._emit(process.pid, target.pid, self._sort)

    def faulted(self, core: Core, fault: Fault) -> None:
        kernel = self.recorder.kernel
        handler = kernel.processes.get(kernel.processes[fault.pid].handler)
        if (
            handler is not None
            and handler.state is ProcState.RECEIVING
            and writable(kernel, handler, handler.buffer, MESSAGE_SIZE) is not None
        ):
            self._message = record_of(fault).message()
            self._emit(fault.pid, handler.pid, Sort.FAULT)

    def _emit(self, sender: int, receiver: int, sort: Sort) -> None:
        wants = self.recorder.filter.wants
        if wants(sender) or wants(receiver):
            event = Message(self.recorder.time, sender, receiver, self._message, sort)
            self.recorder.emit(event)
