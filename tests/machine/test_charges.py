"""Calls cost what they are charged: rule 16.

A process that makes nothing but the dearest calls leaves the others their turns.  What is compared
is instructions and turns, never time; ``make bench`` measures the time.
"""

from __future__ import annotations

from typing import Final

import pytest

from emu.machine import How
from emu.machine.core import SLICE
from emu.machine.observers import Observer
from kernel_model.call import CallRow
from kernel_model.charges import CALL, PAGE
from kernel_model.process import Process
from tests.kernel.driver import L1, MIB, REST, SECTION
from tests.machine.rig import Guest

READ: Final = 1
NOEXEC: Final = 1 << 6
BIG: Final = 0x10000000
"""Where a big frame is viewed (va)."""

POOL: Final = "mov r9, #9\n1: mov r0, r9\n call frame_pool\n mov r0, r9\n call frame_unpool\n b 1b"
TABLE: Final = (
    "mov r9, #9\n1: mov r0, r9\n mov r1, #4\n call frame_table\n"
    " mov r0, r9\n mov r1, #0\n call frame_table\n b 1b"
)
COUNTS: Final = "set r4, data\n1: ldr r5, [r4]\n add r5, r5, #1\n str r5, [r4]\n b 1b"


class Charges(Observer):
    """The charge of each call, and the instructions of each process."""

    def __init__(self, guest: Guest) -> None:
        self._machine = guest.machine
        self.charges: list[tuple[str, int]] = []
        self.spent = {0: 0, 1: 0}
        self._began = 0
        guest.machine.observers.add(self)

    def called(self, core: object, process: Process, call: CallRow, result: int | None) -> None:
        charge = CALL + self._machine.kernel.work
        self.charges.append((call.name, charge))
        self.spent[process.pid] += charge

    def stopped(self, core: object, process: Process, reason: object) -> None:
        now = self._machine.instructions
        self.spent[process.pid] += now - self._began
        self._began = now


def big_frame(guest: Guest, pages: int) -> int:
    """A frame of proc0's of so many pages, whole MiBs if it may be viewed as sections."""
    rest = guest.machine.kernel.frames[REST]
    pa = (rest.end - pages * 0x1000) & -MIB
    f_id = guest.ok("frame_split", REST, pa - rest.pa)
    if guest.machine.kernel.frames[f_id].len > pages * 0x1000:
        guest.ok("frame_split", f_id, pages * 0x1000)
    return f_id


def heavy(source: str, mmu: str, viewed: bool) -> tuple[Guest, Charges]:
    """proc0, which makes heavy calls with a frame of 2 MiB, beside a child that counts."""
    guest = Guest(source, mmu, ram=16 * MIB, max_insns=40 * SLICE)
    f_id = big_frame(guest, 512)
    if viewed:
        guest.ok("frame_map", L1, f_id, BIG, SECTION | READ | NOEXEC)
    assert f_id == 9
    guest.load_child(COUNTS)
    return guest, Charges(guest)


@pytest.mark.parametrize(
    ("source", "viewed"), [(POOL, False), (TABLE, True)], ids=["pool", "table"]
)
def test_who_makes_heavy_calls_leaves_others_their_time(
    source: str, viewed: bool, mmu: str
) -> None:
    guest, charges = heavy(source, mmu, viewed)
    assert guest.run().how is How.MAX_INSNS
    assert guest.faults == []
    assert max(charge for _, charge in charges.charges) >= 512 * PAGE > SLICE
    assert charges.spent[1] * 3 >= charges.spent[0]
    assert charges.spent[0] >= 3 * SLICE
