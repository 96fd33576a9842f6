"""What goes right once and wrong the second time, or where two features meet."""

from __future__ import annotations

from collections import Counter
from typing import Final

import pytest

import emu.machine.core
import emu.machine.svc
from emu.machine import How
from emu.watchpoints.watch import Watch
from kernel_model.descriptors import WRITE
from tests.gdb.test_watchpoints import FEW, hits
from tests.kernel.driver import CODE_VA, DATA_VA
from tests.machine.rig import Guest, Turns

SHORT: Final = 40
"""Instructions of a turn, where turns are to end often."""

ROUNDS: Final = 12

# Breakpoints and turns

WAITS: Final = """
        mov     r5, #30                 @ turns, in which the other comes to its end
3:      call    yield
        subs    r5, r5, #1
        bne     3b
        exit    0
"""

IDLES: Final = """
3:      call    yield
        b       3b
"""

YIELDS: Final = f"""
        mov     r5, #{ROUNDS}
again:  call    yield
after:  subs    r5, r5, #1
        bne     again
"""

ASKS: Final = f"""
        mov     r5, #{ROUNDS}
        set     r4, data
again:  mov     r0, #1
        mov     r1, r4
        call    call
after:  subs    r5, r5, #1
        bne     again
"""

ANSWERS: Final = f"""
        mov     r5, #{ROUNDS}
        set     r4, data
again:  mov     r0, r4
        call    recv
        mov     r1, r4
        call    reply
after:  subs    r5, r5, #1
        bne     again
"""

COMPUTES: Final = f"""
        mov     r5, #{ROUNDS}
again:  mov     r6, #9
1:      subs    r6, r6, #1
        bne     1b
after:  subs    r5, r5, #1
        bne     again
"""

PAIRS: Final = {
    "yield": (YIELDS, YIELDS, (4, 12), (4, 12)),
    "messages": (ASKS, ANSWERS, (12, 28), (12, 32)),
    "the end of the slice": (COMPUTES, COMPUTES, (4, 16), (4, 16)),
}
"""Two programs that take turns, and where in each ``again`` and ``after`` are (from CODE_VA)."""


def stops_of(guest: Guest, addresses: list[int]) -> Counter[tuple[int, int]]:
    """How often a run from breakpoint to breakpoint stops at each address, by process."""
    found: Counter[tuple[int, int]] = Counter()
    while guest.machine.run_to(*addresses).how is How.ADDRESS:
        process = guest.machine.running
        assert process is not None
        found[process.pid, guest.registers[15]] += 1
    return found


@pytest.mark.parametrize("pair", PAIRS)
def test_a_breakpoint_stops_as_often_as_it_is_executed(
    pair: str, mmu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a process that gets the core where it stands at one."""
    monkeypatch.setattr(emu.machine.core, "SLICE", SHORT)
    monkeypatch.setattr(emu.machine.svc, "CALL", 0)  # it would be many such turns
    first, second, *places = PAIRS[pair]
    for of_the_first, of_the_second in zip(*places, strict=True):
        guest = Guest(first + WAITS, mmu)
        child, turns = guest.load_child(second + IDLES), Turns(guest.machine)
        wanted = {(0, CODE_VA + of_the_first): ROUNDS, (child.pid, CODE_VA + of_the_second): ROUNDS}
        found = stops_of(guest, [va for _, va in wanted])
        assert {place: count for place, count in found.items() if place in wanted} == wanted
        assert len(turns.seen) > ROUNDS


BACK: Final = """
        call    yield
back:   mov     r0, #5
        call    exit
"""
BACK_VA: Final = CODE_VA + 8


def test_a_process_that_goes_on_after_a_fault_stops_where_it_stands(mmu: str) -> None:
    """Only the instruction that the one that faulted was at is passed."""
    guest = Guest(BACK, mmu)
    guest.load_child("udf #0")
    assert guest.machine.run_to_fault().how is How.PAUSED
    assert guest.machine.run_to(BACK_VA).how is How.ADDRESS
    assert (guest.machine.running, guest.registers[15]) == (guest.proc0, BACK_VA)
    assert guest.run().status == 5


def test_a_process_that_goes_on_after_a_call_that_waited_stops_where_it_stands(mmu: str) -> None:
    """The call at which the machine had paused lets another one go on, at a breakpoint."""
    guest = Guest(BACK, mmu)
    child = guest.load_child("set r0, data\n call recv\n 1: b 1b")
    guest.machine.observers.set_call_filter(lambda process, _: process.pid == child.pid)
    assert guest.run().how is How.PAUSED
    guest.machine.observers.set_call_filter(None)
    assert guest.machine.run_to(BACK_VA).how is How.ADDRESS
    assert (guest.machine.running, guest.registers[15]) == (guest.proc0, BACK_VA)


# Turns and snapshots

ENDS_THE_OTHER: Final = """
        mov     r0, #1
        mov     r1, #0
        call    proc_end
1:      b       1b
"""


def test_a_turn_goes_on_in_the_next_piece_though_all_others_have_ended(mmu: str) -> None:
    """It was begun while there were others: a run in pieces ends it where the whole run does."""
    whole, pieces = Guest(ENDS_THE_OTHER, mmu), Guest(ENDS_THE_OTHER, mmu)
    for guest, lengths in ((whole, [300]), (pieces, [100, 100, 100])):
        guest.load_child("1: b 1b")
        for length in lengths:
            guest.machine.run_for(length)
        assert len(guest.kernel.processes) == 1
    assert pieces.machine.snapshot() == whole.machine.snapshot()


STRAIGHT: Final = "again:" + "        add     r4, r4, #1\n" * 60 + "        b       again\n"


def turns_after(guest: Guest, count: int) -> list[tuple[int, tuple[int, ...]]]:
    turns = Turns(guest.machine)
    guest.machine.run_for(count)
    return turns.seen


def straight(mmu: str) -> Guest:
    """Two processes that compute without a jump for longer than it takes to overrun a turn."""
    guest = Guest(STRAIGHT, mmu)
    guest.load_child(STRAIGHT)
    return guest


@pytest.mark.parametrize("over", range(0, 64, 7))
def test_a_turn_goes_on_after_a_restore_as_it_would_have(
    over: int, mmu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is used up and goes on to the next jump: to go on from there is none."""
    monkeypatch.setattr(emu.machine.core, "SLICE", 100)
    guest, other = straight(mmu), straight(mmu)
    guest.machine.run_for(90 + over)
    other.machine.restore(guest.machine.snapshot())
    expected = turns_after(guest, 400)
    assert len(expected) >= 3
    assert turns_after(other, 400) == expected


def test_a_turn_is_the_same_restored_twice(mmu: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emu.machine.core, "SLICE", 100)
    guest = straight(mmu)
    guest.machine.run_for(110)
    before = guest.machine.snapshot()
    found = []
    for _ in range(3):
        turns = Turns(guest.machine)
        guest.machine.run_for(400)
        found.append([*turns.seen])
        guest.machine.restore(before)
    assert found[0] == found[1] == found[2]
    assert len(found[0]) >= 3


# Watchpoints and turns

STORES: Final = {
    "arm": """
        set     r4, data
        mov     r5, #60
1:      add     r6, r6, #1
        str     r6, [r4]
        subs    r5, r5, #1
        bne     1b
        exit    0
""",
    "an IT block": """
        set     r4, data
        mov     r5, #60
1:      cmp     r4, r4
        itttt   eq
        streq   r6, [r4]
        addeq   r6, r6, #1
        addeq   r6, r6, #1
        addeq   r6, r6, #1
        subs    r5, r5, #1
        bne     1b
        exit    0
""",
}


@pytest.mark.parametrize("stores", STORES)
def test_hits_of_a_watchpoint_leave_turns_as_they_are(
    stores: str, mmu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has been put back and runs again is of the turn once."""
    monkeypatch.setattr(emu.machine.core, "SLICE", SHORT)
    monkeypatch.setattr(emu.machine.svc, "CALL", 0)
    watched, plain = (Guest(STORES[stores], mmu, stores != "arm") for _ in range(2))
    turns = [Turns(guest.machine) for guest in (watched, plain)]
    for guest in (watched, plain):
        guest.machine.count_instructions()
        guest.load_child(STORES[stores], stores != "arm")
    found = hits(watched.machine, Watch(WRITE, DATA_VA, 4, 0))
    assert len(found) == FEW
    for guest in (watched, plain):
        assert guest.run().how is How.EXITED
    assert len(turns[1].seen) > 10
    assert turns[0].seen == turns[1].seen
    assert watched.machine.snapshot() == plain.machine.snapshot()
