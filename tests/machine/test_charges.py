"""Calls cost what they are charged: rule 16.

A process that makes nothing but the dearest calls leaves the others their turns.  What is compared
is instructions and turns, never time; ``make bench`` measures the time.
"""

from __future__ import annotations

from typing import Final

import pytest

from emu.machine import How
from emu.machine.core import SLICE, Core
from emu.machine.observers import Observer
from kernel_model.call import CallRow
from kernel_model.charges import CALL, PAGE
from kernel_model.process import Process
from tests.kernel.driver import DATA_VA, L1, MIB, REST, SECTION
from tests.machine.rig import Guest

READ: Final = 1
WRITE: Final = 2
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


BLOCKS: Final = {
    "SYS_WRITE": (5, 32, 512),
    "SYS_READ": (6, 32, 512),
    "SYS_WRITE, a byte too many": (5, 48, 512),
    "SYS_READ, a byte too many": (6, 48, 512),
    "SYS_WRITE of a page": (5, 64, 0),
    "SYS_READ of a page": (6, 64, 0),
}
"""Operations with 2 MiB and more: their number, where their block is (from the data page on), and
the pages that are charged."""

FOR_EVER: Final = """
        set     r8, data
        mov     r0, #1                  @ SYS_OPEN
        mov     r1, r8
        svc     #0x123456
        str     r0, [r8, #32]
        str     r0, [r8, #48]
        str     r0, [r8, #64]
1:      mov     r0, #{operation}
        {argument}
        svc     #0x123456
        b       1b
"""


def semihosted(operation: int, argument: str, mmu: str, patch: pytest.MonkeyPatch) -> set[int]:
    """What a process is charged for a call that it makes for ever beside one that counts.

    The other has a third of its share at least.  Files neither keep nor give anything.
    """
    source = FOR_EVER.format(operation=operation, argument=argument)
    guest = Guest(source, mmu, ram=16 * MIB, max_insns=20 * SLICE)
    f_id = big_frame(guest, 512)
    guest.ok("frame_map", L1, f_id, BIG, SECTION | READ | WRITE | NOEXEC)
    guest.ram.write(guest.kernel.frames[f_id].pa, b"x" * (2 * MIB))
    guest.load_child(COUNTS)
    guest.put(DATA_VA, DATA_VA + 16, 7, 1)
    guest.put(DATA_VA + 16, ord("x"))
    for at, length in ((32, 2 * MIB), (48, 2 * MIB + 1), (64, 0x1000)):
        guest.put(DATA_VA + at + 4, BIG, length)
    charges, spent, spend = Charges(guest), list[int](), Core.spend

    def noted(core: Core, charge: int) -> None:
        spent.append(charge)
        spend(core, charge)

    patch.setattr(guest.world.files, "write", lambda *_: None)
    patch.setattr(guest.world.files, "read", lambda *_: b"")
    patch.setattr(Core, "spend", noted)
    assert guest.run().how is How.MAX_INSNS
    assert guest.faults == []
    assert charges.spent[1] * 3 >= charges.spent[0] + sum(spent)
    return set(spent[1:])


@pytest.mark.parametrize("block", BLOCKS)
def test_semihosting_is_charged_for_pages(
    block: str, mmu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the last of them refuses it."""
    operation, at, pages = BLOCKS[block]
    spent = semihosted(operation, f"add r1, r8, #{at}", mmu, monkeypatch)
    assert spent == {5 * CALL + pages * PAGE}


def test_a_string_without_an_end_is_looked_for_in_a_mib_and_charged_for_that(
    mmu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = semihosted(4, f"set r1, {BIG}", mmu, monkeypatch)
    assert spent == {5 * CALL + MIB // 0x1000 * PAGE}
