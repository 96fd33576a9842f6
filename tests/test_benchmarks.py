"""The benchmarks run and judge by what they measured; what that is is nobody's business here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks.figures import Figure, at_least, at_most, goals_missed, paired_ratio, take_turns
from benchmarks.traces import A_ROUND
from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine, Options
from tests.guests import ROOT, build_guests, guest
from tests.session.shared import made_once

Data = dict[str, Any]
"""A figure as JSON has it."""

GROUPS = {
    "compute",
    "system",
    "working",
    "calls",
    "short",
    "maps",
    "switches",
    "shapes",
    "backends",
    "start-up",
    "traces",
    "debugger",
    "past",
}
BACKENDS = {"tlb", "map", "cpu"}
WITHOUT_QEMU = set() if shutil.which("qemu-arm") else {"working", "short", "x qemu-arm's time"}
WITHOUT_SYSTEM = (
    set() if shutil.which("qemu-system-arm") else {"system", "x qemu-system-arm's time"}
)
WITHOUT_GDB = set() if shutil.which("gdb-multiarch") else {"gdb / emu"}


def benchmarks(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Data], str]:
    """The figures of a quick run of everything, and what it printed."""
    build_guests()
    place = made_once(tmp_path_factory, "bench", measure)
    figures: list[Data] = json.loads((place / "bench.json").read_text())["figures"]
    assert figures
    return figures, (place / "stdout").read_text()


def measure(place: Path) -> None:
    run = benchmarks("--quick", "--json", str(place / "bench.json"))
    assert run.returncode == 0, run.stderr
    (place / "stdout").write_text(run.stdout)


Quick = tuple[list[Data], str]


def test_a_quick_run_measures_everything(quick: Quick) -> None:
    figures, _ = quick
    assert {figure["group"] for figure in figures} == GROUPS - WITHOUT_SYSTEM
    names = [(figure["group"], figure["what"]) for figure in figures]
    assert all(what for _, what in names)
    assert len(names) == len(set(names))
    assert all(set(one["samples"]) == BACKENDS for one in figures if one["group"] == "backends")


def test_whoever_is_measured_takes_time(quick: Quick) -> None:
    """QEMU's share may be less than a start of it takes: then it is zero."""
    for figure in quick[0]:
        assert figure["samples"], figure
        for name, samples in figure["samples"].items():
            least = 0.0 if name.startswith("qemu") else 1e-12
            assert samples, figure
            assert all(second >= least for second in samples), figure
            assert figure["seconds"][name] == median(samples)


CALL = "a call that switches nothing"

RATIOS: dict[str, Callable[[Data, list[Data]], float]] = {
    "x plain's speed": lambda one, _: median_of(one, "plain") / median_of(one, "emu"),
    "x qemu-arm's time": lambda one, _: median_of(one, "emu") / median_of(one, "qemu-arm"),
    "x qemu-system-arm's time": lambda one, _: (
        median_of(one, "emu") / median_of(one, "qemu-system-arm")
    ),
    "x plain's time": lambda one, _: median_of(one, "emu") / median_of(one, "plain"),
    "a hook for each / emu": lambda one, _: (
        median_of(one, "a hook for each") / median_of(one, "emu")
    ),
    "x unwatched": lambda one, _: median_of(one, "emu") / median_of(one, "unwatched"),
    "x alone's speed": lambda one, all_: (
        emu_for("compute alone, a round", all_) / median_of(one, "emu")
    ),
    "x undebugged's speed": lambda one, _: median_of(one, "undebugged") / median_of(one, "emu"),
    "x unrecorded": lambda one, _: median_of(one, "emu") / median_of(one, "unrecorded"),
    "x not kept": lambda one, _: median_of(one, "emu") / median_of(one, "not kept"),
    "x the run": lambda one, _: median_of(one, "emu") / median_of(one, "the run"),
    "ms": lambda one, _: median_of(one, "emu") * 1000,
    "gdb / emu": lambda one, _: median_of(one, "gdb") / median_of(one, "emu"),
    "s": lambda one, _: median_of(one, "emu"),
    "calls": lambda one, all_: median_of(one, "emu") / emu_for(CALL, all_),
    "x with 1 mapped": lambda one, all_: (
        median_of(one, "emu") / emu_for(f"{one['what'].partition(', ')[0]}, 1 mapped", all_)
    ),
}
"""What each ratio is of; a quick run has one turn, so that medians are what was measured in it."""


def median_of(figure: Data, contestant: str) -> float:
    return median(figure["samples"][contestant])


def emu_for(what: str, figures: list[Data]) -> float:
    (found,) = (one for one in figures if one["what"] == what and one["group"] != "backends")
    return median_of(found, "emu")


def test_ratios_are_of_the_samples(quick: Quick) -> None:
    figures, _ = quick
    judged = [figure for figure in figures if figure["ratio"] is not None]
    missing = WITHOUT_QEMU | WITHOUT_SYSTEM | WITHOUT_GDB
    assert {figure["ratio_is"] for figure in judged} == {*RATIOS, "MB"} - missing
    for figure in judged:
        if figure["ratio_is"] == "MB":  # the peak of a process with Unicorn in it
            assert 10 < figure["ratio"] < 100_000
        else:
            expected = RATIOS[figure["ratio_is"]](figure, figures)
            assert figure["ratio"] == pytest.approx(expected), figure


def test_a_goal_is_reached_or_missed_by_the_ratio(quick: Quick) -> None:
    with_goal = [figure for figure in quick[0] if figure["goal"] is not None]
    assert {figure["group"] for figure in with_goal} == (
        GROUPS - {"backends"} - WITHOUT_QEMU - WITHOUT_SYSTEM
    )
    for figure in with_goal:
        how, bound = figure["goal"].split()
        more, less = figure["ratio"] >= float(bound), figure["ratio"] <= float(bound)
        assert figure["reached"] is {">=": more, "<=": less}[how], figure
    assert all(figure["reached"] is None for figure in quick[0] if figure["goal"] is None)


def test_every_figure_is_a_row_with_its_ratio(quick: Quick) -> None:
    figures, printed = quick
    lines = [line.rstrip() for line in printed.splitlines()]
    for figure in figures:
        (section,) = (at for at, line in enumerate(lines) if line == figure["group"])
        rows = lines[section : lines.index("", section)]
        (row,) = (row for row in rows if row.startswith(f"{figure['what']}  "))
        if figure["ratio"] is not None:
            assert row.endswith(f"  {figure['ratio']:.2f}  {figure['ratio_is']}")


def test_a_ratio_is_the_median_of_the_turns() -> None:
    """Not the ratio of the medians, which would be 1."""
    assert paired_ratio([1, 2, 3, 4, 5], [5, 3, 1, 2, 4]) == 1.25


def test_all_measure_once_in_each_turn() -> None:
    order: list[str] = []

    def measure(name: str) -> float:
        order.append(name)
        return float(len(order))

    samples = take_turns({"a": lambda: measure("a"), "b": lambda: measure("b")}, 3)
    assert order == ["a", "b"] * 3
    assert samples == {"a": [1, 3, 5], "b": [2, 4, 6]}


@pytest.mark.parametrize(
    ("ratio", "goal", "reached"),
    [
        (2.0, at_least(2), True), (1.9, at_least(2), False), (2.1, at_least(2), True),
        (2.0, at_most(2), True), (2.1, at_most(2), False), (1.9, at_most(2), True),
        (2.0, None, None), (None, at_most(2), None),
    ],
)  # fmt: skip
def test_goals(ratio: float | None, goal: Any, reached: bool | None) -> None:
    figure = Figure("group", "what", {"emu": [1.0]}, ratio, "x", goal)
    assert figure.reached is reached
    assert goals_missed([figure]) == ([figure] if reached is False else [])


@pytest.mark.parametrize("words", [("nonsense",), ("--json",)])
def test_mistakes_on_the_command_line(words: tuple[str, ...]) -> None:
    run = benchmarks(*words)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


def test_a_round_of_mix_has_about_as_many_instructions_as_is_said() -> None:
    with guest("bench/mix").open("rb") as stream:
        image = load_elf(stream, "mix")
    machine = Machine(image, ScriptedWorld(arguments=("mix", "10")), Options(stats=True))
    machine.run()
    assert machine.instructions / 10 == pytest.approx(A_ROUND, rel=0.02)
