"""Figures: measurements, their ratio, and the goal for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

Samples = dict[str, list[float]]
"""Seconds by contestant; the i-th of each was taken in the i-th turn."""


class Goal(NamedTuple):
    """A bound for a ratio.  at_least: whether it is a lower bound."""

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
    """A row.  samples: seconds for one unit of ``what``, by contestant.

    ratio: bounded by ``goal``; ratio_is: the ratio in words.
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
        """The figure as plain data for JSON."""
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
    """Let all contestants measure in each turn, so that a slower host is slower for all."""
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
