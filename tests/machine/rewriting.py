"""Runs a program that writes and runs code again and again, and prints what that took of memory.

A process of its own, which has nothing that could be used again: python -m tests.machine.rewriting
"""

from __future__ import annotations

import sys
from pathlib import Path
from resource import getpagesize

from emu.machine import How
from tests.machine.rig import Guest

STATUS = Path("/proc/self/statm")

TIMES = 4000
SOURCE = f"""
        set     r4, {TIMES}
        set     r8, data
        adr     r5, 3f
        ldr     r6, [r5]
1:      eor     r6, r6, #1              @ another constant
        str     r6, [r5]
        blx     r5
        subs    r4, r4, #1
        bne     1b
        exit    3
        .p2align 8
3:      mov     r0, #0
        .rept   400                     @ as long as a block can be, and no short code
        str     r2, [r8]
        .endr
        bx      lr
"""


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(STATUS.read_text().split()[1]) * getpagesize()


def grown_by(mmu: str) -> int:
    """Bytes that the run took and did not give back."""
    guest = Guest(SOURCE, mmu, writable=True, max_insns=0)
    before = resident()
    assert guest.run().how is How.EXITED
    return resident() - before


if __name__ == "__main__":
    print(grown_by(sys.argv[1]))
