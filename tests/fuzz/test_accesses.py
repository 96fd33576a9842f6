"""A few loads and stores of every kind, always the same; ``make fuzz-accesses`` runs more."""

from __future__ import annotations

import pytest

from tests.fuzz.accesses.__main__ import KINDS, WAYS, Kind
from tests.fuzz.accesses.batch import Batch, batch
from tests.fuzz.accesses.beside import BUS, SEGV, difference, run_beside, run_here
from tests.guests import need_tool

CASES = 150


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_accesses_are_those_of_qemu_in_every_way(kind: Kind) -> None:
    need_tool("qemu-arm")
    made = batch(1, *kind, CASES)
    theirs = run_beside(made)
    assert theirs is not None
    signals = [fault.signal for fault in theirs.faults]
    assert signals.count(BUS) > CASES / 10
    assert SEGV not in signals, "an access beyond the data"
    for way in WAYS:
        assert not difference(made, run_here(made, *way), theirs), way


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_accesses_are_the_same_in_every_way(kind: Kind) -> None:
    made = batch(2, *kind, CASES)
    first, *others = (run_here(made, *way) for way in WAYS)
    for other in others:
        assert not difference(made, other, first)


def test_a_difference_is_found_and_says_where() -> None:
    one = batch(3, False, cases=20)
    other = Batch(3, False, False, (*one.cases[:-1], one.cases[-1][:-4] + b"\x07\x70\xa0\xe3"))
    mine = run_here(one, "tlb")
    assert not difference(one, mine, run_here(one, "tlb"))
    changed = mine._replace(faults=(), registers=(1, *mine.registers[1:]))
    assert difference(other, mine._replace(faults=()), changed).startswith("registers: 15 and 15")
    (first, *rest) = mine.faults
    wrong = mine._replace(faults=(first._replace(address=1), *rest))
    assert f"at {first.pc & ~0xF:#x}"[:6] in difference(one, mine, wrong)
