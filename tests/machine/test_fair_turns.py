"""No process keeps another that is ready from its turn for longer than a slice, whatever it does.

Slices are short here, so that each test sees several turns; ``test_turns.py`` has the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from emu.machine import How, core, svc
from emu.machine.core import Core
from emu.machine.observers import Observer
from kernel_model.process import Process, Resume
from tests.kernel.driver import CODE_VA, FREE_VA, REST, RW, SYS, UART
from tests.machine.rig import Guest

SLICE: Final = 5_000
"""Instructions of a turn in these tests."""

REAL_SLICE: Final = core.SLICE

IT_BLOCK: Final = 4
"""Instructions by which a turn may be longer: an IT block that has begun is finished."""


@pytest.fixture(autouse=True, scope="module")
def _short_turns() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "SLICE", SLICE)
        yield


SPINNING: Final = {
    "in a branch": "1: b 1b",
    "in arithmetic": "1: add r1, r1, #1\n eor r2, r2, r1\n b 1b",
    "in WFI": "1: wfi\n b 1b",
    "in WFE": "1: wfe\n b 1b",
    "in YIELD": "1: yield\n b 1b",
    "in SEV": "1: sev\n b 1b",
    "in calls that succeed": "1: call frame_count\n b 1b",
    "in calls that are refused": "1: mov r0, #-1\n call frame_unmap\n b 1b",
    "in calls that do not exist": "1: mov r12, #200\n svc #0\n b 1b",
    "in semihosting": "1: mov r0, #0x13\n svc #0x123456\n b 1b",
    "in semihosting that does not exist": "1: mov r0, #0xff\n svc #0x123456\n b 1b",
    "in a device": f"set r4, {FREE_VA}\n1: ldr r0, [r4, #0x18]\n b 1b",
    "in exclusives": "set r4, data\n1: ldrex r0, [r4]\n strex r1, r0, [r4]\n b 1b",
    "in code it writes": "adr r4, 2f\n ldr r5, [r4]\n1: str r5, [r4]\n2: nop\n b 1b",
}
WAITING: Final = ("in WFI", "in hints in IT blocks")
IN_THUMB: Final = {  # call 9 is frame_count
    "in IT blocks": "1: cmp r0, r0\n ittt eq\n addeq r1, #1\n addeq r1, #1\n beq 1b",
    "in IT blocks not taken": "1: cmp r0, r0\n ittt ne\n addne r1, #1\n nopne\n nopne\n b 1b",
    "in calls in IT blocks": "mov r12, #9\n1: cmp r0, r0\n itt eq\n svceq #0\n beq 1b",
    "in hints in IT blocks": "1: cmp r0, r0\n itt eq\n wfieq\n beq 1b",
}

COUNTS_ITS_TURNS = """
        set     r4, data
1:      ldr     r5, [r4]
        add     r5, r5, #1
        str     r5, [r4]
        call    yield
        b       1b
"""


class Gaps(Observer):
    """How long each turn was, in instructions, and whose.  Needs them counted."""

    def __init__(self, guest: Guest) -> None:
        self._machine = guest.machine
        self._whose, self._began = 0, 0
        self.turns: list[tuple[int, int]] = []
        guest.machine.observers.add(self)

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        now = self._machine.instructions
        if process.pid != self._whose:
            self.turns.append((self._whose, now - self._began))
            self._whose, self._began = process.pid, now


class OnRun(Observer):
    """Says of each run whose it is."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self.tell = tell

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        self.tell(process.pid)


PIECE: Final = SLICE // 15
"""Instructions of a run in pieces; a slice is no whole number of them."""


def spinning(how: str, mmu: str, **options: Any) -> tuple[Guest, Gaps]:
    """proc0, which spins, beside a child that counts its turns."""
    thumb = how in IN_THUMB
    if how in WAITING:
        options.setdefault("max_insns", 4_000)  # a turn each
    source = IN_THUMB[how] if thumb else SPINNING[how]
    options.setdefault("max_insns", 4 * SLICE)
    guest = Guest(source, mmu, thumb, writable=how == "in code it writes", **options)
    if how == "in a device":
        guest.ok("frame_map", SYS, UART, FREE_VA, RW)
    guest.load_child(COUNTS_ITS_TURNS)
    return guest, Gaps(guest)


@pytest.mark.parametrize("how", [*SPINNING, *IN_THUMB])
def test_a_process_that_spins_keeps_nobody_from_its_turn(how: str, mmu: str) -> None:
    guest, gaps = spinning(how, mmu)
    assert guest.run().how is How.MAX_INSNS
    assert guest.faults == []
    assert {pid for pid, _ in gaps.turns} == {0, 1}
    assert max(length for _, length in gaps.turns) <= SLICE + IT_BLOCK
    assert sum(pid == 1 for pid, _ in gaps.turns) >= 3


@pytest.mark.parametrize("how", ["in arithmetic", "in IT blocks"])
def test_the_real_slice_is_kept_too(how: str, mmu: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "SLICE", REAL_SLICE)
    guest, gaps = spinning(how, mmu, max_insns=4 * REAL_SLICE)
    assert guest.run().how is How.MAX_INSNS
    (first, length), (second, _), *_ = gaps.turns
    assert (first, second) == (0, 1)
    assert REAL_SLICE <= length <= REAL_SLICE + IT_BLOCK


@pytest.mark.parametrize("how", ["in calls that succeed", "in semihosting", "in IT blocks"])
def test_turns_of_who_spins_are_the_same_in_pieces_and_checked(how: str, mmu: str) -> None:
    guest, whole = spinning(how, mmu)
    guest.run()
    guest, checked = spinning(how, mmu, check=True)
    guest.run()
    guest, pieces = spinning(how, mmu)
    outcome = guest.machine.run_for(PIECE)
    while outcome.how is How.COUNT:
        outcome = guest.machine.run_for(PIECE)
    assert outcome.how is How.MAX_INSNS
    assert whole.turns == checked.turns == pieces.turns


def test_a_bound_smaller_than_a_turn_starves_nobody(mmu: str) -> None:
    """Each run goes on with the turn that the one before it was ended in."""
    guest, gaps = spinning("in a branch", mmu, max_insns=0)
    for _ in range(201):
        guest.machine.run_for(SLICE // 100)
    assert [length for pid, length in gaps.turns if pid == 0] == [SLICE, SLICE]


def test_a_process_alone_has_no_slices(mmu: str) -> None:
    """A child that waits for a message needs no turn."""
    guest = Guest("1: call frame_count\n b 1b", mmu, max_insns=5 * SLICE)
    guest.load_child("1: set r0, data\n call recv\n b 1b")
    gaps = Gaps(guest)
    assert guest.run().how is How.MAX_INSNS
    assert [pid for pid, _ in gaps.turns] == [0, 1]


def test_a_call_ends_no_run_of_a_process_that_has_its_slice(
    mmu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs cost more than calls: one begins with each turn, and with what makes others ready."""
    monkeypatch.setattr(svc, "CALL", 0)  # a turn is long
    guest = Guest("1: call frame_count\n b 1b", mmu, max_insns=4 * SLICE)
    guest.load_child("b .")
    runs: list[int] = []
    guest.machine.observers.add(OnRun(runs.append))
    assert guest.run().how is How.MAX_INSNS
    assert runs[:4] == [0, 1, 0, 1]
    assert len(runs) <= 5  # the bound may be met on the threshold


def test_a_call_that_maps_ends_no_run(mmu: str) -> None:
    """What it changes is brought in step while Unicorn stays where it is."""
    take = f"mov r0, #{REST}\n set r1, 0x1000\n call frame_split\n mov r5, r0"
    where = f"mov r0, #{SYS}\n mov r1, r5\n set r2, {FREE_VA}\n set r3, {RW}"
    unmap = "mov r0, r5\n mov r1, #0\n call frame_unmap"
    source = f"{take}\n 1: {where}\n call frame_map\n str r5, [r2]\n {unmap}\n b 1b"
    guest = Guest(source, mmu, max_insns=2000)
    runs: list[int] = []
    guest.machine.observers.add(OnRun(runs.append))
    assert guest.run().how is How.MAX_INSNS
    assert runs[:1] == [0]
    assert len(runs) <= 2
    assert not guest.machine.history.refusals


@pytest.mark.parametrize("distance", [4, 8, 12, 16, 20])
def test_of_two_breakpoints_near_each_other_the_second_is_passed_too(
    distance: int, mmu: str
) -> None:
    guest = Guest("nop\n" * 16 + "exit 3", mmu)
    at = guest.machine.cores[0].engine.registers
    first = CODE_VA
    assert guest.machine.run_to(first + 4, first + 4 + distance).how is How.ADDRESS
    assert at.pc == first + 4
    assert guest.machine.run_to(first + 4, first + 4 + distance).how is How.ADDRESS
    assert at.pc == first + 4 + distance
    assert guest.machine.run_to(first + 4, first + 4 + distance).status == 3
