"""What is said of two machines that differ: where, in a few short lines, and none of their RAM."""

from __future__ import annotations

import pytest

from emu.machine.snapshot import Snapshot
from tests.machine.rig import Guest
from tests.session.comparing import LINES, differences, pytest_assertrepr_compare
from tests.session.conftest import Run

PAGE = 0x1000


@pytest.fixture
def before() -> Snapshot:
    machine = Guest("1: add r4, r4, #1\n b 1b").machine
    machine.run_for(10)
    return machine.snapshot()


def said(left: object, right: object, op: str = "==") -> list[str]:
    lines = pytest_assertrepr_compare(op, left, right)
    assert lines is not None
    assert sum(map(len, lines)) < 10_000
    return lines


def test_a_page_of_ram_is_named_and_not_shown(before: Snapshot) -> None:
    pa, page = next(iter(before.ram.items()))
    after = before._replace(ram={**before.ram, pa: page[:8] + b"\xee" + page[9:]})
    (head, line) = said(before, after)
    assert head == "Snapshot == Snapshot"
    assert line == f".ram[{pa:#x}]: 1 bytes differ, from +0x8: {page[8:16].hex()} and ee" + (
        page[9:16].hex()
    )


def test_pages_that_only_one_has(before: Snapshot) -> None:
    after = before._replace(ram={**before.ram, 0x83FFF000: bytes(PAGE)})
    assert said(before, after)[1:] == [".ram[0x83fff000]: only in the right"]
    assert said(after, before)[1:] == [".ram[0x83fff000]: only in the left"]


def test_fields_within_are_named(before: Snapshot) -> None:
    core = before.cores[0]
    after = before._replace(cores=(core._replace(turn=core.turn + 1, switches=99),))
    assert said(before, after)[1:] == [
        f".cores[0].turn: {core.turn} and {core.turn + 1}",
        f".cores[0].switches: {core.switches} and 99",
    ]


def test_snapshots_within_other_things_are_found(before: Snapshot) -> None:
    after = before._replace(devices=())
    assert said(("a", before), ("a", after))[1].startswith("[1].devices: ")
    assert said({"key": [before]}, {"key": [after]})[1].startswith("['key'][0].devices: ")


def test_memory_alone_is_compared_alike() -> None:
    assert said(bytes(2000), bytes(1999) + b"\1")[1:] == [
        ": 1 bytes differ, from +0x7cf: 00 and 01"
    ]
    assert said(bytes(2000), bytes(2001))[1:] == [": 2000 and 2001 bytes"]


def test_not_more_than_some_lines() -> None:
    many = [bytes(2000)] * 100
    others = [b"\1" * 2000] * 100
    assert len(said(many, others)) == LINES + 2


def test_equal_ones_that_should_differ(before: Snapshot) -> None:
    assert said(before, before, "!=") == ["Snapshot != Snapshot", "they are equal"]


@pytest.mark.parametrize(("left", "right"), [(1, 2), ("a" * 5000, "b"), ([b"x"], [b"y"])])
def test_all_else_is_left_to_pytest(left: object, right: object) -> None:
    assert pytest_assertrepr_compare("==", left, right) is None


def test_equal_things_have_no_differences(before: Snapshot) -> None:
    assert list(differences(before, before)) == []


FAILING = """
from tests.machine.rig import Guest

def test_of_two_machines():
    one, other = Guest("b .").machine, Guest("nop").machine
    one.run_for(2000)
    assert one.snapshot() == other.snapshot()
"""


def test_a_failure_prints_little(run_of: Run) -> None:
    """Also on CI, where pytest shortens nothing."""
    printed = run_of(FAILING, CI="1")
    assert "Snapshot == Snapshot" in printed
    assert ".ram[0x" in printed
    assert len(printed) < 10_000
