"""The figures of a run, for ``--stats``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emu.machine.machine import Machine


def stats_text(machine: Machine, seconds: float) -> str:
    """A line for each figure.  seconds: the host's time for the run."""
    instructions = machine.instructions
    rate = instructions / seconds / 1e6 if seconds else 0.0
    name, backends = machine.options.mmu, [core.backend for core in machine.cores]
    rows = [
        ("instructions", f"{instructions:,}"),
        ("time", f"{seconds:.3f} s ({rate:.1f} million instructions a second)"),
        (f"{name} fills", f"{sum(backend.fills for backend in backends):,}"),
        (f"{name} flushes", f"{sum(backend.flushes for backend in backends):,}"),
        ("process switches", f"{sum(core.switches for core in machine.cores):,}"),
    ]
    rows += _calls(machine)
    return "\n".join(f"  {name:<20} {value}" for name, value in rows)


def _calls(machine: Machine) -> list[tuple[str, str]]:
    calls = machine.calls
    counts = [(call.name, calls.by_number[call.number]) for call in machine.kernel.calls]
    counts += [("unknown calls", calls.unknown), ("semihosting", calls.semihosting)]
    return [(name, f"{count:,}") for name, count in counts if count]
