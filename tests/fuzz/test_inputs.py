"""Inputs found or made by hand, and a few random ones; ``make fuzz-inputs`` makes more."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fuzz.inputs.__main__ import generate, shrink
from tests.fuzz.inputs.case import (
    Case,
    Hangs,
    Target,
    damaged,
    failure,
    limited,
    parse,
    smaller,
)
from tests.fuzz.inputs.targets import TARGETS

CORPUS = sorted(Path(__file__).with_name("inputs").joinpath("corpus").glob("*.txt"))
SEEDS = {"elf": 25, "names": 15, "command": 40, "semihosting": 150}


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_an_input_of_the_corpus_does_no_harm(path: Path) -> None:
    case = parse(path.read_text())
    assert failure(TARGETS[case.target], case) == ""


@pytest.mark.parametrize("name", TARGETS)
def test_random_inputs_do_no_harm(name: str) -> None:
    target = TARGETS[name]
    for seed in range(SEEDS[name]):
        case = generate(target, seed)
        assert failure(target, case) == "", case


@pytest.mark.parametrize("name", TARGETS)
def test_a_listing_is_the_input(name: str) -> None:
    for seed in range(50):
        case = generate(TARGETS[name], seed)
        assert parse(str(case)) == case


def test_a_change_is_made_where_it_says() -> None:
    assert damaged(b"abcdef", ("0x1=3132", "0x4=35")) == b"a12d5f"
    assert damaged(b"abcdef", ("0x2=",)) == b"ab"


def test_what_is_wrong_is_told_and_made_smaller() -> None:
    def give(case: Case) -> None:
        if "bad" in case.parts:
            raise KeyError("planted")

    target = Target("planted", lambda _: Case("planted", "", ()), give)
    case = Case("planted", "base", (*["good"] * 20, "bad", *["good"] * 20))
    found = failure(target, case)
    assert found.startswith("KeyError: 'planted' in ")
    assert shrink(target, case, found, 5) == Case("planted", "base", ("bad",))
    assert failure(target, case._replace(parts=("good",))) == ""
    assert len(list(smaller(case))) > 41


def test_what_takes_too_long_is_told() -> None:
    def wait() -> None:
        with limited(1):
            time.sleep(20)

    with pytest.raises(Hangs):
        wait()
