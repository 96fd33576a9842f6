"""Observers for tests that want to hear of one thing only."""

from __future__ import annotations

from collections.abc import Callable

from emu.machine.core import Core
from emu.machine.fault import Fault
from emu.machine.history import Act
from emu.machine.observers import Observer
from kernel_model.errors import Refused
from kernel_model.process import Process


class OnFault(Observer):
    """Calls ``tell`` at each fault, before the kernel hears of it."""

    def __init__(self, tell: Callable[[Fault], None]) -> None:
        self.tell = tell

    def faulted(self, core: Core, fault: Fault) -> None:
        self.tell(fault)


class OnRefusal(Observer):
    """Calls ``tell`` for each call that fails."""

    def __init__(self, tell: Callable[[Act, Refused], None]) -> None:
        self.tell = tell

    def refused(self, process: Process, act: Act, refusal: Refused) -> None:
        self.tell(act, refusal)
