"""Faults: what the processor refused a process, and the trap by which the kernel hears of it.

Source: spec, rules 12 and 15.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from kernel_model.calls.processes import end_process
from kernel_model.kernel import Kernel
from kernel_model.process import Faulted


class FaultKind(IntEnum):
    """What the processor refused."""

    MEMORY_ACCESS = 1
    UNDEFINED_INSTRUCTION = 2
    BREAKPOINT_INSTRUCTION = 3


class FaultRecord(NamedTuple):
    """What the processor reports of a fault, in the order in which rule 15 tells a handler.

    va: what could not be accessed; rights: what was wanted of it (READ, WRITE, EXEC); status: the
    fault status (``FaultStatus``).  All three are 0 where no memory was accessed.
    pc, cpsr, sp, lr: those of the process, the pc that of the instruction.
    why: one line for people.
    """

    kind: FaultKind
    va: int
    pc: int
    cpsr: int
    rights: int
    status: int
    sp: int
    lr: int
    why: str


def fault(kernel: Kernel, record: FaultRecord, core: int = 0) -> None:
    """The process that runs on a core has faulted.  Nobody handles that: it ends (rule 12).

    ``kernel.running`` says whom to run now.
    """
    process = kernel.running[core]
    if process is None:
        raise AssertionError(f"fault: nobody is running on core {core}")
    end_process(kernel, process, Faulted(record.why))
