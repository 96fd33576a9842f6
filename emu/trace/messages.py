"""The trace of messages: who sent what to whom, when it arrived.

The kernel says nothing of messages.  A ``send`` that finds its receiver waiting and a ``recv``
that finds a sender waiting deliver one, and so does the ``send`` that starts a child.
"""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from emu.machine.core import Core
from emu.machine.observers import Observer, Words
from emu.trace.events import Message
from emu.trace.recorder import Recorder
from kernel_model.abi import MESSAGE_SIZE, ProcState
from kernel_model.call import Call
from kernel_model.process import Process


class MessageTracer(Observer):
    """Emits ``Message``."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._message = b""
        self._starts = False
        self._target: Process | None = None
        self._received = 0

    def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:
        """Remember what a delivery will be told by."""
        kernel = self.recorder.kernel
        self._message, self._target = b"", None
        if call.name == "send":
            self._target = kernel.processes.get(words[0])
            self._message = self.recorder.decoder(process).read(words[1], MESSAGE_SIZE) or b""
        elif call.name == "recv" and process.senders:
            self._target = process
            self._message = kernel.processes[next(iter(process.senders))].message
        if self._target is not None:
            self._received = self._target.received
            self._starts = self._target.state is ProcState.NEW

    def called(self, core: Core, process: Process, call: Call, result: int | None) -> None:
        target = self._target
        if target is None or (result is not None and result < 0):
            return
        if call.name == "recv":
            if result is not None:
                self._emit(result, process.pid, False)
        elif self._starts and target.state is ProcState.READY:
            self._emit(process.pid, target.pid, True)
        elif target.received != self._received:
            self._emit(process.pid, target.pid, False)

    def _emit(self, sender: int, receiver: int, starts: bool) -> None:
        wants = self.recorder.filter.wants
        if wants(sender) or wants(receiver):
            event = Message(self.recorder.time, sender, receiver, self._message, starts)
            self.recorder.emit(event)
