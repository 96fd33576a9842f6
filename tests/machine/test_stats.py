"""What ``--stats`` tells, line by line."""

from __future__ import annotations

from emu.machine.stats import stats_text
from tests.machine.rig import Guest

PROGRAM = """
        ldr     r0, [sp, #-4]
        call    frame_count
        call    frame_count
        mov     r12, #99
        svc     #0
        exit    0
"""


def test_what_a_run_took() -> None:
    guest = Guest(PROGRAM, "tlb", stats=True)
    guest.run()
    machine = guest.machine
    backend, count = machine.cores[0].backend, machine.instructions
    assert stats_text(machine, 2.0).splitlines() == [
        f"  instructions         {count}",
        f"  time                 2.000 s ({count / 2e6:.1f} million instructions a second)",
        f"  tlb fills            {backend.fills}",
        f"  tlb flushes          {backend.flushes}",
        "  process switches     1",
        "  frame_count          2",
        "  exit                 1",
        "  unknown calls        1",
    ]
    assert (backend.fills, machine.instructions) == (2, 10)


def test_semihosting_counts_too_and_no_time_is_no_rate() -> None:
    guest = Guest("mov r0, #0x13\n svc #0x123456\n exit 0", "tlb", stats=True)
    guest.run()
    text = stats_text(guest.machine, 0.0)
    assert "time                 0.000 s (0.0 million instructions a second)" in text
    assert text.endswith("  exit                 1\n  semihosting          1")
