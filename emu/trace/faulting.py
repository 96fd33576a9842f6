"""The trace of faults: an event for each, whether or not a handler is told."""

# ruff: noqa: ARG002 - an observer is told more than it needs

from __future__ import annotations

from emu.machine.core import Core
from emu.machine.fault import ACCESS, MachineFault
from emu.machine.observers import Observer
from emu.trace.events import FaultEvent
from emu.trace.recorder import Recorder


class FaultTracer(Observer):
    """Emits ``FaultEvent``."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def faulted(self, core: Core, fault: MachineFault) -> None:
        recorder = self.recorder
        va = fault.va if fault.access else -1
        if recorder.filter.wants(fault.pid) and recorder.filter.wants_fault(fault.pc, va):
            symbol = recorder.code.symbol(fault.pc)
            access = ACCESS[fault.access] if fault.access else ""
            time = recorder.time
            recorder.emit(FaultEvent(time, fault.pid, fault.pc, symbol, fault.kind, va, access))
