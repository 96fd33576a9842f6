"""The trace of messages: which process sent what to which, when it arrived."""

from __future__ import annotations

from emu.machine.observers import Observer
from emu.trace.events import Message
from emu.trace.recorder import Recorder
from kernel_model.events import MessageDelivered


class MessageTracer(Observer):
    """Emits ``Message``."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def message_delivered(self, event: MessageDelivered) -> None:
        sender, receiver, kind, message = event
        wants = self.recorder.filter.wants
        if wants(sender) or wants(receiver):
            time = self.recorder.time
            self.recorder.emit(Message(time, sender, receiver, message, kind))
