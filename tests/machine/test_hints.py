"""Hints are none to a program, whatever was before them; undefined instructions are what they are.

Unicorn takes some hints for undefined instructions, and what tells them apart is a register that a
TLB fill changes too.
"""

from __future__ import annotations

import pytest

from emu.machine import How
from tests.kernel.driver import CODE_VA
from tests.machine.rig import Guest, assemble

HINTS = ("nop", "yield", "wfe", "wfi", "sev", "dbg #3")

FILLS = {
    "nothing": "nop",
    "a load": "ldr r1, [r0]",
    "a store": "str r1, [r0]",
    "both": "ldr r1, [r0]\n str r1, [r0, #4]",
    "a push": "mov sp, r0\n push {r1}",
    "a float": "vldr s0, [r0]",
}
"""What touches a page for the first time; r0 is in the middle of one."""

UNDEFINED = {
    "udf": "udf #0",
    "the cycle counter": "mrc p15, 0, r0, c9, c13, 0",
    "the main ID": "mrc p15, 0, r0, c0, c0, 0",
    "the control register": "mrc p15, 0, r0, c1, c0, 0",
    "TTBR0": "mcr p15, 0, r0, c2, c0, 0",
    "the TLB": "mcr p15, 0, r0, c8, c7, 0",
    "a privileged thread register": "mrc p15, 0, r0, c13, c0, 4",
    "a coprocessor that is not there": "mrc p7, 0, r0, c0, c0, 0",
    "two registers of one": "mrrc p15, 1, r0, r1, c14",
}
"""What user mode may not do."""


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(
    ("hint", "thumb"),
    [
        *((hint, False) for hint in HINTS),
        *((hint, True) for hint in HINTS if hint[0] != "d"),
        *((hint.replace(" ", ".w ") if " " in hint else f"{hint}.w", True) for hint in HINTS),
    ],
)
def test_a_hint_behind_a_fill_is_gone_past(hint: str, thumb: bool, fill: str, mmu: str) -> None:
    source = f"set r0, data + 0x1800\n b 1f\n 1: {FILLS[fill]}\n {hint}\n {hint}\n exit 3"
    guest = Guest(source, mmu, thumb)
    outcome = guest.run()
    assert guest.faults == []
    assert (outcome.how, outcome.status) == (How.EXITED, 3)


@pytest.mark.parametrize("thumb", [False, True], ids=["arm", "thumb"])
@pytest.mark.parametrize(
    "before", ["load", "store", "yield", "load yield", "yield load", "store wfe"]
)
@pytest.mark.parametrize("text", UNDEFINED)
def test_what_is_undefined_is_so_behind_fills_and_hints(
    text: str, before: str, thumb: bool, mmu: str
) -> None:
    """In the same block of code or alone in one."""
    steps = "\n".join(FILLS.get(f"a {word}", word) for word in before.split())
    for block in ("", "b 2f\n 2:"):
        path = f"set r0, data + 0x1800\n b 1f\n 1: {steps}\n {block}"
        guest = Guest(f"{path}\n {UNDEFINED[text]}\n exit 1", mmu, thumb)
        assert guest.run().how is How.FAULTED
        fault = guest.only_fault()
        assert (fault.kind, fault.walk) == ("undefined instruction", None)
        assert fault.pc == CODE_VA + len(assemble(path, thumb))
