"""Observers for tests that want to hear of one thing only."""

from __future__ import annotations

from collections.abc import Callable

from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.history import KernelEntry
from emu.machine.observers import Observer
from kernel_model.errors import Refused
from kernel_model.process import Process


class OnFault(Observer):
    """Calls ``tell`` at each fault, before the kernel hears of it."""

    def __init__(self, tell: Callable[[MachineFault], None]) -> None:
        self.tell = tell

    def faulted(self, core: Core, fault: MachineFault) -> None:
        self.tell(fault)


class OnRefusal(Observer):
    """Calls ``tell`` for each call that fails."""

    def __init__(self, tell: Callable[[KernelEntry, Refused], None]) -> None:
        self.tell = tell

    def refused(self, process: Process, entry: KernelEntry, refusal: Refused) -> None:
        self.tell(entry, refusal)
