"""A fault: what a process did that nobody handles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from emu.cpu.engine import Abort, Stop
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.walk import FaultStatus, Walk

if TYPE_CHECKING:
    from emu.machine.machine import Machine

ACCESS = {READ: "read", WRITE: "write", EXEC: "execution"}


class Fault(NamedTuple):
    """Everything that is known at the moment of a fault.

    kind: what happened in the field's words.  va, access, walk, status: of a memory fault, else
    -1, 0 and None.  registers: r0-r12, sp, lr, pc, cpsr.
    """

    pid: int
    kind: str
    pc: int
    registers: tuple[int, ...]
    va: int = -1
    access: int = 0
    walk: Walk | None = None
    status: FaultStatus | None = None

    @property
    def headline(self) -> str:
        """The fault in one line."""
        if self.walk is None:
            return f"process {self.pid}: {self.kind} at pc {self.pc:#010x}"
        return (
            f"process {self.pid}: {ACCESS[self.access]} of {self.va:#010x} "
            f"at pc {self.pc:#010x}: {self.kind}"
        )


_OTHER = {Stop.UNDEFINED: "undefined instruction", Stop.BREAKPOINT: "breakpoint instruction"}


def fault_of(machine: Machine, reason: Stop) -> Fault:
    """The fault that ended the engine's last run for this reason."""
    engine = machine.engine
    process = machine.kernel.current
    if process is None:
        raise AssertionError("a fault while nobody runs")
    registers = engine.core_registers()
    pc = registers[15]
    if reason is not Stop.FAULT:
        return Fault(process.pid, _OTHER[reason], pc, registers)
    found = machine.backend.fault()
    external = engine.abort is Abort.EXTERNAL
    status = FaultStatus.EXTERNAL_ABORT if external else found.status
    return Fault(
        process.pid, status.text, pc, registers, found.va, found.access, found.walk, status
    )
