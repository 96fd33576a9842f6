"""What a run took, for ``--stats``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel_model.syscalls import CALLS

if TYPE_CHECKING:
    from emu.machine.machine import Machine


def stats_text(machine: Machine, seconds: float) -> str:
    """A line for each figure.  seconds: the host's time for the run."""
    instructions = machine.engine.instructions
    rate = instructions / seconds / 1e6 if seconds else 0.0
    rows = [
        ("instructions", f"{instructions:,}"),
        ("time", f"{seconds:.3f} s ({rate:.1f} million instructions a second)"),
        (f"{machine.backend.name} fills", f"{machine.backend.fills:,}"),
        (f"{machine.backend.name} flushes", f"{machine.backend.flushes:,}"),
        ("process switches", f"{machine.switches:,}"),
    ]
    rows += _calls(machine)
    return "\n".join(f"  {name:<20} {value}" for name, value in rows)


def _calls(machine: Machine) -> list[tuple[str, str]]:
    names = [call.name for call in CALLS] + ["unknown calls"]
    rows = [
        (name, f"{count:,}") for name, count in zip(names, machine.svc.calls, strict=True) if count
    ]
    if machine.svc.semihosting_calls:
        rows.append(("semihosting", f"{machine.svc.semihosting_calls:,}"))
    return rows
