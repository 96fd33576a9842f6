"""Figures: what was measured, the ratio that counts, and what it ought to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

Samples = dict[str, list[float]]
"""Seconds by contestant, the i-th of each taken in the i-th turn."""


class Goal(NamedTuple):
    """A bound for a ratio.  at_least: whether more is better."""

    bound: float
    at_least: bool

    def reached(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"


def at_least(bound: float) -> Goal:
    return Goal(bound, True)


def at_most(bound: float) -> Goal:
    return Goal(bound, False)


@dataclass
class Figure:
    """One row.  samples: seconds for one of what ``what`` says, by contestant.

    ratio: what ``goal`` bounds; ratio_is says in words what it is.
    """

    group: str
    what: str
    samples: Samples
    ratio: float | None = None
    ratio_is: str = ""
    goal: Goal | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def medians(self) -> dict[str, float]:
        return {name: median(values) for name, values in self.samples.items()}

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        if self.goal is None or self.ratio is None:
            return None
        return self.goal.reached(self.ratio)

    def plain_data(self) -> dict[str, Any]:
        """The figure as JSON has it."""
        return {
            "group": self.group,
            "what": self.what,
            "seconds": self.medians,
            "samples": self.samples,
            "ratio": self.ratio,
            "ratio_is": self.ratio_is,
            "goal": None if self.goal is None else str(self.goal),
            "reached": self.reached,
            "notes": self.notes,
        }


def take_turns(contestants: Mapping[str, Callable[[], float]], turns: int) -> Samples:
    """Let all measure once, then all again: a host that gets slower does so for each of them."""
    samples: Samples = {name: [] for name in contestants}
    for _ in range(turns):
        for name, measure in contestants.items():
            samples[name].append(measure())
    return samples


def paired_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median of the ratios within each turn."""
    return median(one / other for one, other in zip(above, below, strict=True))


def goals_missed(figures: Iterable[Figure]) -> list[Figure]:
    return [figure for figure in figures if figure.reached is False]
