"""A few random programs of operations, always the same; ``make fuzz-guest`` runs others."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

import pytest

from tests.agreement import random_ways
from tests.fuzz import chaos
from tests.fuzz.guest import Counts, shrink
from tests.fuzz.variants import Variant, judge, run

SEEDS = range(1, 9)
WATCHED = ("", "", "mem", "coverage", "profile", "report", "debugger")
"""Not ``trace``, which takes longer than all others: that is for ``make fuzz-guest``."""


def check(seed: int, ways: Iterable[Variant]) -> None:
    case = chaos.generate(seed)
    finding, seen = judge(chaos.program_of(case), ways)
    assert finding is None, f"{finding}\n{case}"
    assert seen.instructions


@pytest.mark.parametrize(("seed", "ways"), random_ways(SEEDS, WATCHED).items(), ids=SEEDS)
def test_a_program_does_the_same_however_it_is_run(seed: int, ways: list[Variant]) -> None:
    check(seed, ways)


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_a_program_does_the_same_in_many_ways(seed: int) -> None:
    check(seed, chaos.variants(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_listing_is_the_program(seed: int) -> None:
    case = chaos.generate(seed)
    again = chaos.parse(str(case))
    assert chaos.program_of(again) == chaos.program_of(case)


def test_programs_get_something_done() -> None:
    counts = Counts()
    for seed in SEEDS:
        counts.add(run(chaos.program_of(chaos.generate(seed))))
    assert sum(counts.calls[name] for name in ("frame_map", "frame_split", "yield")) > 100
    assert counts.refused.total() < counts.calls.total() / 2
    assert {"EXITED", "FAULTED"} <= set(counts.outcomes)


def test_a_finding_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that answers ``yield`` with a Python exception is found, and little else is left."""
    from kernel_model.kernel import Kernel

    def broken(*_: object) -> None:
        raise KeyError("planted")

    monkeypatch.setattr(Kernel, "slice_ended", broken)
    ways, tries = (Variant(),), count()
    for seed in SEEDS:
        case = chaos.generate(seed)
        finding, _ = judge(chaos.program_of(case), ways)
        if finding is not None:
            break
    assert finding is not None
    assert finding.kind == "KeyError"
    less, same = shrink(case, finding, chaos, ways, lambda: next(tries) < 200)
    assert same.kind == "KeyError"
    assert sum(map(len, less.pieces)) < sum(map(len, case.pieces)) / 3
