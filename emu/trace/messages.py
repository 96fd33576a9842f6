"""The trace of messages: sender, receiver and contents, when the message arrives."""

from __future__ import annotations

from emu.machine.observers import Observer
from emu.trace.events import MessageEvent
from emu.trace.recorder import Recorder
from kernel_model.events import MessageDelivered


class MessageTracer(Observer):
    """Emits ``MessageEvent``."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def message_delivered(self, event: MessageDelivered) -> None:
        sender, receiver, kind, message = event
        wants = self.recorder.filter.wants
        if wants(sender) or wants(receiver):
            time = self.recorder.time
            self.recorder.emit(MessageEvent(time, sender, receiver, message, kind))
