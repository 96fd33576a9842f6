"""What can be watched of a run: one observer a purpose, and nothing paid where there is none."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import TYPE_CHECKING

from kernel_model.process import Process, Resume

if TYPE_CHECKING:
    from emu.cpu.engine import Stop
    from emu.machine.fault import Fault
    from emu.machine.machine import Machine

Registers = tuple[int, int, int, int]
"""r0 to r3, as 32-bit words."""


class Observer:
    """Told what happens, in order; it changes nothing.  ``observe`` attaches it.

    During ``calling`` and ``called`` the PC is past the SVC.
    """

    def loading(self, process: Process, resume: Resume | None, switched: bool) -> None:
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
    if not machine.observers:
        machine.svc.answer = _observed_calls(machine, machine.svc.answer)
        machine.svc.semihost = _observed_semihosting(machine, machine.svc.semihost)
        machine.host.on_descriptors = _observed_descriptors(machine)
    machine.observers = (*machine.observers, observer)


Answer = Callable[[int, int, int, int, int], int | None]
Semihost = Callable[[Process, int, int], int]
OnDescriptors = Callable[[int, int, "array[int]", "array[int]"], None]


def _observed_calls(machine: Machine, answer: Answer) -> Answer:
    kernel = machine.kernel

    def observed(number: int, r0: int, r1: int, r2: int, r3: int) -> int | None:
        process = kernel.current
        assert process is not None
        for observer in machine.observers:
            observer.calling(process, number, (r0, r1, r2, r3))
        result = answer(number, r0, r1, r2, r3)
        for observer in machine.observers:
            observer.called(process, number, result)
        return result

    return observed


def _observed_semihosting(machine: Machine, semihost: Semihost) -> Semihost:
    def observed(process: Process, operation: int, argument: int) -> int:
        for observer in machine.observers:
            observer.semihosting(process, operation, argument)
        result = semihost(process, operation, argument)
        for observer in machine.observers:
            observer.semihosted(process, operation, result)
        return result

    return observed


def _observed_descriptors(machine: Machine) -> OnDescriptors:
    def observed(pa: int, level: int, old: array[int], new: array[int]) -> None:
        for observer in machine.observers:
            observer.descriptors(pa, level, old, new)

    return observed
