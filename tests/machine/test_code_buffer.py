"""Code that is written and run again and again takes a bounded part of the host's memory."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from emu.cpu import binding
from emu.machine import How
from tests.machine.programs import CODE, arm, call, load, machine_of

MIB = 1 << 20
ROUNDS = 100_000

# A function that loads a number that is another each time, written and called by a loop.
SLOT = CODE + 0x800
REWRITING = arm(
    *load(0, SLOT), *load(4, 0), *load(5, ROUNDS), *load(6, 0xE3001000), *load(7, 0xE12FFF1E),
    0xE5807004,  #             str r7, [r0, #4]: bx lr
    0xE1A08004, 0xE20880FF,  # mov r8, r4; and r8, #255
    0xE1868008, 0xE5808000,  # orr r8, r6, r8; str r8, [r0]: movw r1, #...
    0xE12FFF30, 0xE2844001,  # blx r0; add r4, #1
    0xE1540005, 0x1AFFFFF7,  # cmp r4, r5; bne
    *call("exit", 0),
)  # fmt: skip


def resident() -> int:
    """Bytes of this process that are in the host's memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc how much memory is in use")
def test_rewritten_code_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for little, so that a short run fills it: each round leaves some 350 bytes."""
    monkeypatch.setattr(binding, "CODE_BUFFER", 4 * MIB)
    machine = machine_of(REWRITING.ljust(0x900, b"\0"), writable=True)
    before = resident()
    assert machine.run() == (How.EXITED, 0)
    assert machine.cores[0].engine.registers.read("r1") == (ROUNDS - 1) & 0xFF
    assert resident() - before < 16 * MIB
