"""What is built on the kernel, the library and pagers: on every backend and with --check."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import pytest

from emu.mmu import BACKENDS
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


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_program(row: Row, mmu: str) -> None:
    check(row, guest(row.name), "--mmu", mmu)


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_invariants_hold_after_every_call(row: Row, mmu: str) -> None:
    row = row._replace(args=("300",)) if row.args else row
    check(row, guest(f"{row.name}.arm"), "--check", "--ram", row.ram, "--mmu", mmu)


def test_a_million_operations_lose_nothing() -> None:
    row = Row("library/allocator", None)
    said = check(row, guest("library/allocator"), "--ram", "32M")
    assert said.startswith("1000000 operations, ")


def test_each_program_has_a_row() -> None:
    found = {f"{name}/{path.stem}" for name in SETS for path in (SOURCES / name).glob("*.c")}
    assert found == {row.name for row in ROWS}
