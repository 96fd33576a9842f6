"""What is built on the kernel, the library and pagers, in the ways of a covering array."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import pytest

from emu.mmu import BACKENDS
from tests.agreement import Command, Way, commands, disagreement, ways
from tests.guests import SOURCES, guest, run_emu


class Row(NamedTuple):
    """A program: what it prints before its sentinel, None for anything, and with what it is run."""

    name: str
    said: str | None = ""
    args: tuple[str, ...] = ()
    ram: str = "32M"

    @property
    def sentinel(self) -> str:
        return f"PASS {self.name.rpartition('/')[2].removeprefix('hosted_')}"


SETS: Final = ("library", "pagers")

STACK: Final = """\
a stack of one page grew to more than fifty
one without end was ended at its limit"""

ROWS: Final = (
    Row("library/allocator", None, ("3000",)),
    Row("library/addresses"),
    Row("library/threads"),
    Row("library/tls"),
    Row("library/hosted_heap", None, ram="128M"),
    Row("library/hosted_malloc", ram="128M"),
    Row("pagers/zero", "100 pages of 16384 were touched, and are there"),
    Row("pagers/stack", STACK),
    Row("pagers/cow", "2 processes, 16 pages: 6 copies, and no more"),
    Row("pagers/load", None),
)


def check(row: Row, program: Path, *options: str) -> str:
    run = run_emu(program, *row.args, options=options, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    *lines, last = run.stdout.decode().splitlines()
    assert last == row.sentinel
    said = "\n".join(lines)
    if row.said is not None:
        assert said == row.said
    return said


BY_NAME: Final = {row.name: row for row in ROWS}
ENOUGH: Final = 1_000_000
"""Instructions of each program that are compared."""
FEWER: Final = ("300",)
"""Operations of the allocator, where each call is checked."""


@pytest.mark.parametrize(("name", "command"), commands(BY_NAME), ids=str)
def test_program(name: str, command: Command) -> None:
    row = BY_NAME[name]
    if row.args and command.check:
        row = row._replace(args=FEWER)
    check(row, guest(row.name + command.code), "--ram", row.ram, *command.options)


@pytest.mark.parametrize(("name", "ways"), ways(BY_NAME).items(), ids=BY_NAME)
def test_every_way_is_the_same(name: str, ways: list[Way]) -> None:
    finding, _ = disagreement(guest(name), ways, ram=32, bound=ENOUGH)
    assert finding is None, finding.text


@pytest.mark.long
@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_program_everywhere(row: Row, mmu: str) -> None:
    check(row, guest(row.name), "--mmu", mmu)


@pytest.mark.long
@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_invariants_hold_after_every_call(row: Row, mmu: str) -> None:
    row = row._replace(args=FEWER) if row.args else row
    check(row, guest(f"{row.name}.arm"), "--check", "--ram", row.ram, "--mmu", mmu)


@pytest.mark.long
def test_a_million_operations_lose_nothing() -> None:
    row = Row("library/allocator", None)
    said = check(row, guest("library/allocator"), "--ram", "32M")
    assert said.startswith("1000000 operations, ")


def test_a_hundred_thousand_operations_lose_nothing() -> None:
    row = Row("library/allocator", None, ("100000",))
    said = check(row, guest("library/allocator"), "--ram", "32M")
    assert said.startswith("100000 operations, ")


def test_each_program_has_a_row() -> None:
    found = {f"{name}/{path.stem}" for name in SETS for path in (SOURCES / name).glob("*.c")}
    assert found == {row.name for row in ROWS}
