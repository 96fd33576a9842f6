"""Shapes of real use: text, several processes at once, memory touched for the first time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.compute import Contest
from benchmarks.emulated import Run, emulated
from benchmarks.figures import Figure, Samples, at_least, paired_ratio, take_turns
from benchmarks.plain import plain
from benchmarks.programs import program
from benchmarks.settings import Settings

LINES = 5000
ROUNDS, MESSAGES = 20, 500
PAGES = 4096
TURNS = 7


def shapes(settings: Settings) -> Iterator[Figure]:
    """Seconds for each thing done, and a ratio where there is something to compare with."""
    yield _printed(settings)
    yield _read(settings)
    yield from _two_processes(settings)
    path = program("timing/touch")
    runs = [emulated(path) for _ in range(settings.turns(TURNS))]
    yield Figure("shapes", "the first store to a page", {"emu": _each(runs, "touch", PAGES)})


def _printed(settings: Settings) -> Figure:
    lines = settings.count(LINES)
    contest = Contest(program("bench/lines"), lines)
    ways = {"emu": partial(contest.seconds, emulated), "plain": partial(contest.seconds, plain)}
    samples = take_turns(ways, settings.turns(TURNS))
    each = {who: [second / lines for second in seconds] for who, seconds in samples.items()}
    ratio = paired_ratio(each["emu"], each["plain"])
    return Figure("shapes", "print a line", each, ratio, "x plain's time")


def _read(settings: Settings) -> Figure:
    """newlib's counter of lines and words, with a semihosting read for each line."""
    lines = settings.count(LINES)
    text = b"one of very many lines of text to be read\n" * lines
    path = program("newlib/count.arm-hard")
    seconds = [emulated(path, stdin=text).seconds for _ in range(settings.turns(TURNS))]
    return Figure("shapes", "read a line", {"emu": [second / lines for second in seconds]})


def _two_processes(settings: Settings) -> Iterator[Figure]:
    rounds, messages = settings.count(ROUNDS), settings.count(MESSAGES)
    path = program("timing/shapes")
    runs = [emulated(path, rounds, messages) for _ in range(settings.turns(TURNS))]
    alone, both = (_each(runs, line, rounds) for line in ("alone", "both"))
    yield Figure("shapes", "compute alone, a round", {"emu": alone})
    samples: Samples = {"emu": [seconds / 2 for seconds in both]}
    ratio = paired_ratio(alone, samples["emu"])
    what = "compute side by side, a round"
    yield Figure("shapes", what, samples, ratio, "x alone's speed", at_least(0.7))
    served = _each(runs, "served", messages)
    yield Figure("shapes", "ask a server, 64 pages each in use", {"emu": served})


def _each(runs: list[Run], line: str, count: int) -> list[float]:
    return [run.intervals(line)[0] / count for run in runs]
