"""A fault of a process, as the machine finds it and tells it to the kernel."""

from __future__ import annotations

from typing import NamedTuple

from emu.cpu.engine import Engine
from emu.cpu.stop import Stop
from emu.mmu import Backend
from kernel_model.abi import FaultKind
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.process import FaultRecord
from kernel_model.walk import FaultStatus, Walk

ACCESS = {READ: "read", WRITE: "write", EXEC: "execution"}


class MachineFault(NamedTuple):
    """A fault with everything known when it happens.

    kind: in the field's words.  va, access, walk, status: of a memory fault, else -1, 0 and None.
    exact: whether ``va`` is the address and not only the start of its page.
    registers: r0-r12, sp, lr, pc, cpsr.
    """

    pid: int
    kind: str
    pc: int
    registers: tuple[int, ...]
    va: int = -1
    access: int = 0
    walk: Walk | None = None
    status: FaultStatus | None = None
    exact: bool = True

    @property
    def where(self) -> str:
        """The access of a memory fault, as ``read of 0x00000010``."""
        place = f"{self.va:#010x}" if self.exact else f"the page at {self.va:#010x}"
        return f"{ACCESS[self.access]} of {place}"

    @property
    def headline(self) -> str:
        """The fault in one line."""
        if self.walk is None:
            return f"process {self.pid}: {self.kind} at pc {self.pc:#010x}"
        return f"process {self.pid}: {self.where} at pc {self.pc:#010x}: {self.kind}"


_OTHER = {Stop.UNDEFINED: "undefined instruction", Stop.BKPT: "breakpoint instruction"}


def fault_of(engine: Engine, backend: Backend, pid: int, reason: Stop) -> MachineFault:
    """The fault of process ``pid`` that ended the engine's last run for this reason."""
    registers = engine.registers.core()
    pc = registers[15]
    if reason is not Stop.FAULT:
        return MachineFault(pid, _OTHER[reason], pc, registers)
    found = backend.fault()
    registers = engine.registers.core()  # the base of an LDRD may have been corrected
    if found.walk is None:
        return MachineFault(pid, found.status.text, pc, registers, status=found.status)
    return MachineFault(
        pid, found.status.text, pc, registers, found.va, found.access, found.walk, found.status,
        found.exact,
    )  # fmt: skip


def kind_of(fault: MachineFault) -> FaultKind:
    """The kernel's kind of this fault."""
    return _KINDS.get(fault.kind, FaultKind.MEMORY_ACCESS)


def record_of(fault: MachineFault) -> FaultRecord:
    """The fault as the kernel takes it."""
    sp, lr, pc, cpsr = fault.registers[13:]
    return FaultRecord(
        kind_of(fault), max(fault.va, 0), pc, cpsr, fault.access,
        fault.status or 0, sp, lr, fault.registers[:8], fault.headline,
    )  # fmt: skip


_KINDS = {
    _OTHER[Stop.UNDEFINED]: FaultKind.UNDEFINED_INSTRUCTION,
    _OTHER[Stop.BKPT]: FaultKind.BREAKPOINT_INSTRUCTION,
}
