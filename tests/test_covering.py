"""Covering arrays cover: every pair of choices occurs among the guests, and none runs too often."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from tests.agreement import COMMANDS, FACTORS, RUNS, Way, is_useful, way_of, ways
from tests.covering import Row, cover, missing, pairs
from tests.fuzz.variants import MMUS, Variant
from tests.test_guests import BY_ID
from tests.test_kernel_guests import ROWS
from tests.test_library import BY_NAME
from tests.trace.test_backends import MISTAKES

SETS = {"kernel": ROWS, "programs": BY_ID, "library": BY_NAME, "mistakes": MISTAKES}


def made(programs: object) -> dict[str, list[Row]]:
    return cover(programs, FACTORS, RUNS, is_useful)


def test_each_pair_of_choices_occurs_among_the_programs_of_the_kernel() -> None:
    """Several times, and most triples, too."""
    rows = made(ROWS)
    assert missing(rows, FACTORS, is_useful) == set()
    chosen = [row for each in rows.values() for row in each]
    assert min(Counter(pair for row in chosen for pair in pairs(row)).values()) >= 3
    triples = {triple for row in chosen for triple in combinations(enumerate(row), 3)}
    possible = len({triple for row in all_rows() for triple in combinations(enumerate(row), 3)})
    assert len(triples) > possible * 0.9


def all_rows() -> list[Row]:
    return cover(["all"], [tuple(dict.fromkeys(one)) for one in FACTORS], 335, is_useful)["all"]


@pytest.mark.parametrize("programs", SETS.values(), ids=SETS)
def test_each_program_meets_each_backend_code_hook_and_check(programs: object) -> None:
    """So that its traces are compared over all backends, and by the hooks in both languages."""
    for name, rows in made(programs).items():
        assert {row[1] for row in rows} == set(MMUS), name
        for at in (0, 3, 4, 5):
            assert len({row[at] for row in rows}) == 2, name
        assert len(rows) + 2 <= 5  # with its two commands


@pytest.mark.parametrize("names", [range(12), range(100)])
def test_commands_cover_too(names: range) -> None:
    assert missing(cover(map(str, names), COMMANDS, 2), COMMANDS) == set()


def test_shares_are_kept() -> None:
    rows = cover(map(str, range(100)), (("a", "a", "a", "b"), (1, 2), (1, 2)), 2)
    found = Counter(row[0] for each in rows.values() for row in each)
    assert found == {"a": 100, "b": 100}  # each subject meets each of two values
    rows = cover(map(str, range(100)), (("a", "a", "a", "b"), (1, 2), (1, 2)), 1)
    found = Counter(row[0] for each in rows.values() for row in each)
    assert 70 <= found["a"] <= 80


def test_what_is_missing_is_told() -> None:
    factors = (("a", "b"), (1, 2))
    assert missing({"": [("a", 1), ("b", 2), ("a", 2)]}, factors) == {(0, "b", 1, 1)}
    assert (
        missing({"": [("a", 1), ("b", 2), ("a", 2)]}, factors, lambda row: row != ("b", 1)) == set()
    )


def test_ways_are_the_same_every_time_and_never_the_plain_run() -> None:
    assert ways(ROWS) == ways(ROWS)
    assert all(way.variant != Variant() for each in ways(ROWS).values() for way in each)
    assert way_of((".arm", "map", "mem", True, "Python", 997, True)) == Way(
        ".arm", Variant("map", "mem", True, "Python", 997, replayed=True)
    )
