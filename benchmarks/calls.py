"""A call of the kernel, beside a call answered through the binding's wrapped hook."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.emulated import emulated
from benchmarks.figures import Figure, at_most, paired_ratio, take_turns
from benchmarks.plain import plain
from benchmarks.programs import program
from benchmarks.settings import Settings

THOUSANDS, TURNS = 10, 21


def calls(settings: Settings) -> Iterator[Figure]:
    """Seconds for one ``frame_count``."""
    path, thousands = program("bench/calls"), settings.count(THOUSANDS)
    each = thousands * 1000
    samples = take_turns(
        {
            "emu": lambda: emulated(path, thousands).seconds / each,
            "plain": lambda: plain(path, thousands).seconds / each,
        },
        settings.turns(TURNS),
    )
    ratio = paired_ratio(samples["emu"], samples["plain"])
    yield Figure("calls", "frame_count", samples, ratio, "x plain's time", at_most(0.6))
