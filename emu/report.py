"""The text of a fault, and of a machine stopped from outside, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emu.cpu.registers import CORE, THUMB_BIT
from emu.faults import Fault

if TYPE_CHECKING:
    from emu.machine import Machine

_PER_LINE = 4


def fault_text(fault: Fault) -> str:
    """What happened, the walk that failed, and the registers."""
    lines = [f"emu: {fault.headline}"]
    if fault.walk is not None:
        lines.append(f"  walk  {fault.walk}")
    return "\n".join(lines + register_lines(fault.registers))


def state_text(machine: Machine) -> str:
    """Where a stopped run was: the current process and its registers."""
    process = machine.kernel.current
    who = "nobody runs" if process is None else f"process {process.pid} runs"
    return "\n".join([f"  {who}", *register_lines(machine.engine.core_registers())])


def register_lines(values: tuple[int, ...]) -> list[str]:
    """Registers in rows; values as ``Engine.core_registers`` gives them."""
    cells = [f"{name:>4} {value:08x}" for name, value in zip(CORE, values, strict=True)]
    rows = [cells[start : start + _PER_LINE] for start in range(0, len(cells), _PER_LINE)]
    lines = ["  " + "  ".join(row) for row in rows]
    lines[-1] += f"  {psr_text(values[-1])}"
    return lines


def psr_text(cpsr: int) -> str:
    """The flags of the CPSR in letters, capital where set, and the instruction set."""
    flags = "".join(
        name.upper() if cpsr >> bit & 1 else name.lower()
        for name, bit in (("n", 31), ("z", 30), ("c", 29), ("v", 28), ("q", 27))
    )
    return f"{flags} {'Thumb' if cpsr & THUMB_BIT else 'Arm'}"
