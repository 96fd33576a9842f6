"""The last lines of a run: the largest process, and what was skipped for want of a tool."""

from __future__ import annotations

import re

import pytest

from tests.session.conftest import Run
from tests.session.oracles import last_line, missing

SKIPPING = """
import pytest

def test_one():
    pytest.skip("gdb-multiarch is not installed")

@pytest.mark.parametrize("number", range(3))
def test_many(number):
    pytest.skip("qemu-arm is not installed")

def test_other():
    pytest.skip("no reason of that kind")

def test_that_passes():
    pass
"""
LINE = "skipped for want of gdb-multiarch, qemu-arm: 4 tests; `make oracles` installs them"


@pytest.mark.parametrize("words", [("-n0",), ("-n2",)], ids=["alone", "two workers"])
def test_the_last_line_is_what_was_skipped(run_of: Run, words: tuple[str, ...]) -> None:
    lines = run_of(SKIPPING, *words).splitlines()
    assert lines[-2:] == [LINE, "status 0"]
    assert sum(bool(re.fullmatch(r"largest worker: \d+ MB", line)) for line in lines) == 1


def test_without_skips_there_is_no_such_line(run_of: Run) -> None:
    assert "skipped for want" not in run_of("def test_that_passes(): pass\n")


LARGE = """
def test_one(): assert len(b"x" * 600_000_000) == 600_000_000
"""


@pytest.mark.parametrize("words", [("-n0",), ("-n1",)], ids=["alone", "a worker"])
def test_a_worker_that_takes_too_much_is_told(run_of: Run, words: tuple[str, ...]) -> None:
    printed = run_of(LARGE, *words)
    assert re.search(r"largest worker: \d+ MB, over the 500 MB that it should take", printed)
    assert printed.endswith("status 0")


@pytest.mark.parametrize(
    ("reason", "tool"),
    [
        ("Skipped: gdb-multiarch is not installed", "gdb-multiarch"),
        ("arm-none-eabi-gcc or qemu-arm is not installed", "qemu-arm"),
        ("there is no C++ library for arm-none-eabi-g++", "C++ library"),
        ("this host does not say how much memory a process has", None),
    ],
)
def test_tools_that_are_missing(reason: str, tool: str | None) -> None:
    assert missing(reason) == tool


def test_one_test_and_tools_of_other_places() -> None:
    assert last_line([]) is None
    assert last_line(["tool is not installed"]) == "skipped for want of tool: 1 test"
