"""What can be watched of a run: one observer a purpose, and nothing paid where there is none."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING

from kernel_model.process import Process, Result, Start

if TYPE_CHECKING:
    from emu.cpu.engine import Stop
    from emu.faults import Fault
    from emu.machine import Machine

Registers = tuple[int, int, int, int]
"""r0 to r3, as 32-bit words."""


class Observer:
    """Told what happens, in order; it changes nothing.  ``observe`` attaches it.

    During ``calling`` and ``called`` the PC is past the SVC.
    """

    def loading(self, process: Process, resume: Start | Result | None, switched: bool) -> None:
        """A process is about to run; switched: another had the processor before."""

    def stopped(self, process: Process, reason: Stop) -> None:
        """The run that ``loading`` began has ended; registers are as the program left them."""

    def calling(self, process: Process, number: int, registers: Registers) -> None:
        """A call of the kernel's begins."""

    def called(self, process: Process, number: int, result: int | None) -> None:
        """It is decided.  None: somebody else runs now; ``process`` may have ended."""

    def semihosting(self, process: Process, operation: int, argument: int) -> None:
        """A semihosting call begins."""

    def semihosted(self, process: Process, operation: int, result: int) -> None:
        """It is done, unless ``process`` has ended."""

    def descriptors(self, pa: int, level: int, old: array[int], new: array[int]) -> None:
        """The kernel wrote these table entries, from ``pa`` on."""

    def faulted(self, fault: Fault) -> None:
        """A process did something nobody handles; it ends behind this."""

    def finish(self) -> None:
        """The run is over."""


def observe(machine: Machine, observer: Observer) -> None:
    """Let an observer watch a machine that has not run yet, behind those it already has."""
    machine.observers = (*machine.observers, observer)
    machine.svc.answer = _around_call(machine, observer, machine.svc.answer)
    machine.svc.semihost = _around_semihosting(observer, machine.svc.semihost)
    machine.host.on_descriptors = _both(machine.host.on_descriptors, observer.descriptors)


Answer = Callable[[int, int, int, int, int], int | None]
Semihost = Callable[[Process, int, int], int]
OnDescriptors = Callable[[int, int, "array[int]", "array[int]"], None]


def _around_call(machine: Machine, observer: Observer, answer: Answer) -> Answer:
    kernel = machine.kernel

    def observed(number: int, r0: int, r1: int, r2: int, r3: int) -> int | None:
        process = kernel.current
        assert process is not None
        observer.calling(process, number, (r0, r1, r2, r3))
        result = answer(number, r0, r1, r2, r3)
        observer.called(process, number, result)
        return result

    return observed


def _around_semihosting(observer: Observer, semihost: Semihost) -> Semihost:
    def observed(process: Process, operation: int, argument: int) -> int:
        observer.semihosting(process, operation, argument)
        result = semihost(process, operation, argument)
        observer.semihosted(process, operation, result)
        return result

    return observed


def _both(first: OnDescriptors | None, second: OnDescriptors) -> OnDescriptors:
    if first is None:
        return second

    def both(pa: int, level: int, old: array[int], new: array[int]) -> None:
        first(pa, level, old, new)
        second(pa, level, old, new)

    return both
