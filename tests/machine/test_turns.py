"""Whose turn it is when does not depend on what else is asked of a run."""

from __future__ import annotations

from typing import Any

import pytest

from emu.machine import How
from emu.machine.core import SLICE
from tests.kernel.driver import CODE_VA, DATA_VA
from tests.machine.rig import STACK_TOP, Guest, Turns, assemble

LOOP = SLICE * 13 // 10
"""Rounds of three instructions: almost four turns."""

PARENT = f"""
        set     r4, data
        ldr     r0, [r4]                @ an L1
        call    proc_new
        add     r1, r4, #64             @ where the child is to start
        call    send
        set     r5, {LOOP}
1:      add     r6, r6, #1
        subs    r5, r5, #1
        bne     1b
        call    yield
        set     r5, {LOOP}
1:      add     r6, r6, #1
        subs    r5, r5, #1
        bne     1b
        exit    5
"""

CHILD = f"""
1:      add     r4, r4, #3
        subs    r0, r0, #1
        bne     1b
        set     r0, {SLICE * 7 // 10}
        call    yield
        b       1b
"""

ASKED: dict[str, dict[str, Any]] = {
    "a bound": {"max_insns": 100 * SLICE},
    "a bound met inside a turn": {"max_insns": 12 * SLICE + 34_567},
    "figures": {"stats": True},
    "figures and a bound": {"stats": True, "max_insns": 100 * SLICE},
    "checks": {"check": True},
    "a timeout": {"timeout": 60},
}


def turns_of(mmu: str, **options: Any) -> tuple[Turns, Guest]:
    """A run of a program that starts another, after it was alone."""
    guest = Guest(PARENT, mmu, **{"max_insns": 0, **options})
    space = guest.vspace()
    guest.ram.write(guest.kernel.frames[space.code].pa, assemble(CHILD))
    guest.put(DATA_VA, space.l1)
    guest.put(DATA_VA + 64, CODE_VA, STACK_TOP, SLICE * 45 // 100, 0, 0, 0)
    return Turns(guest.machine), guest


@pytest.mark.parametrize("asked", ASKED)
def test_turns_are_the_same_whatever_is_asked(asked: str, mmu: str) -> None:
    expected, guest = turns_of(mmu)
    assert guest.run().status == 5
    turns, guest = turns_of(mmu, **ASKED[asked])
    outcome = guest.run()
    if "inside" in asked:
        assert outcome.how is How.MAX_INSNS
        assert guest.machine.instructions == ASKED[asked]["max_insns"]
    else:
        assert outcome.status == 5
    assert turns.seen == expected.seen[: len(turns.seen)]
    assert [pid for pid, _ in turns.seen[:5]] == [0, 1, 0, 1, 0]


def test_turns_are_the_same_on_every_backend() -> None:
    found = []
    for mmu in ("tlb", "map", "cpu"):
        turns, guest = turns_of(mmu)
        guest.run()
        found.append(turns.seen)
    assert found[0] == found[1] == found[2]


def test_who_starts_another_has_its_turn_out_first(mmu: str) -> None:
    """A turn is counted from where there are others."""
    turns, guest = turns_of(mmu, stats=True)
    guest.run()
    child, again = turns.seen[1][1], turns.seen[2][1]
    assert child[15] == CODE_VA
    assert again[6] == SLICE // 3  # its loop is of three instructions
