"""Covering arrays: few rows that together hold every pair of choices, instead of all products.

A *subject* (a program) gets a few rows.  A row chooses a value of each factor.  Over all subjects
every two values of different factors meet in some row, as evenly as their shares allow, and each
subject alone meets every value of the factors that have no more values than it has rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import combinations, product
from typing import Final

Row = tuple[Hashable, ...]
Pair = tuple[int, Hashable, int, Hashable]
"""Two values that meet in a row, each after the number of its factor."""

ROWS: Final = 4
"""Rows of a subject, where nothing else is asked for."""


def pairs(row: Row) -> list[Pair]:
    """All that meet in a row."""
    return [(*one, *other) for one, other in combinations(enumerate(row), 2)]


def cover(
    subjects: Iterable[str],
    factors: Sequence[Sequence[Hashable]],
    rows: int = ROWS,
    useful: Callable[[Row], bool] = lambda _: True,
) -> dict[str, list[Row]]:
    """The rows of each subject, always the same.

    A value that a factor names several times has that many shares of the rows.  No row that is
    not useful is chosen.
    """
    candidates = [row for row in product(*map(dict.fromkeys, factors)) if useful(row)]
    met = {pair: 0 for row in candidates for pair in pairs(row)}
    weight = {pair: _weight(pair, factors) for pair in met}
    heavy = [[(pair, weight[pair]) for pair in pairs(row)] for row in candidates]
    few = [at for at, values in enumerate(factors) if len(set(values)) <= rows]
    made: dict[str, list[Row]] = {}
    for subject in subjects:
        chosen: list[Row] = made.setdefault(subject, [])
        for _ in range(rows):
            known = [{row[at] for row in chosen} for at in few]
            best = min(
                range(len(candidates)),
                key=lambda number: (
                    candidates[number] in chosen,
                    _repeats(candidates[number], few, known),
                    sum(met[pair] * each for pair, each in heavy[number]),
                ),
            )
            chosen.append(candidates[best])
            for pair in pairs(candidates[best]):
                met[pair] += 1
    return made


def _repeats(row: Row, few: Sequence[int], known: Sequence[set[Hashable]]) -> int:
    """How many values of these factors the subject has met before."""
    return sum(row[at] in values for at, values in zip(few, known, strict=True))


def _weight(pair: Pair, factors: Sequence[Sequence[Hashable]]) -> float:
    """How rare the pair is to be: one over its share of the rows."""
    one, value, other, another = pair
    shares = factors[one].count(value) * factors[other].count(another)
    return len(factors[one]) * len(factors[other]) / shares


def missing(
    made: Mapping[str, Sequence[Row]],
    factors: Sequence[Sequence[Hashable]],
    useful: Callable[[Row], bool] = lambda _: True,
) -> set[Pair]:
    """The pairs of values that could meet and do not."""
    wanted = {pair for row in product(*factors) if useful(row) for pair in pairs(row)}
    return wanted - {pair for rows in made.values() for row in rows for pair in pairs(row)}
