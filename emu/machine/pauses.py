"""Observers that pause a machine where it is to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.observers import Observer
from kernel_model.call import CallRow
from kernel_model.process import Process


class AfterCalls(Observer):
    """Pauses after a number of calls of the kernel."""

    rank: ClassVar[int] = 1

    def __init__(self, pause: Callable[[], None], count: int) -> None:
        self._pause, self._left = pause, count

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:  # noqa: ARG002
        self._left -= 1
        if not self._left:
            self._pause()


class AtFault(Observer):
    """Pauses at a fault, before the kernel is told."""

    rank: ClassVar[int] = 1

    def __init__(self, pause: Callable[[], None]) -> None:
        self._pause = pause

    def faulted(self, core: Core, fault: MachineFault) -> None:  # noqa: ARG002
        self._pause()
