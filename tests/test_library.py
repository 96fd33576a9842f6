"""The guests' library, by programs that check themselves: on every backend, and with ``--check``."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import pytest

from emu.mmu import BACKENDS
from tests.guests import SOURCES, guest, run_emu


class Row(NamedTuple):
    """A program: what it prints before its sentinel, if that matters, and with what it is run."""

    name: str
    sentinel: str
    args: tuple[str, ...] = ()
    checked: bool = True


ROWS: Final = (
    Row("allocator", "PASS allocator", ("3000",)),
    Row("addresses", "PASS addresses"),
    Row("threads", "PASS threads"),
    Row("hosted_heap", "PASS heap", checked=False),
    Row("hosted_malloc", "PASS malloc", checked=False),
)


def check(row: Row, program: Path, *options: str) -> str:
    run = run_emu(program, *row.args, options=options, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    lines = run.stdout.decode().splitlines()
    assert lines[-1] == row.sentinel
    return "\n".join(lines[:-1])


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_program(row: Row, mmu: str) -> None:
    check(row, guest(f"library/{row.name}"), "--mmu", mmu)


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("row", [row for row in ROWS if row.checked], ids=lambda row: row.name)
def test_invariants_hold_after_every_call(row: Row, mmu: str) -> None:
    row = row._replace(args=("300",)) if row.args else row
    check(row, guest(f"library/{row.name}.arm"), "--check", "--ram", "32M", "--mmu", mmu)


def test_a_million_operations_lose_nothing() -> None:
    row = Row("allocator", "PASS allocator")
    said = check(row, guest("library/allocator"), "--ram", "32M")
    assert said.startswith("1000000 operations, ")


def test_each_program_has_a_row() -> None:
    assert {path.stem for path in (SOURCES / "library").glob("*.c")} == {row.name for row in ROWS}
