"""The newlib programs give the same over the kernel's own calls as over semihosting."""

from __future__ import annotations

import subprocess
from typing import Any, Final

import pytest

from emu.mmu import BACKENDS
from tests.guests import SOURCES, guest, run_emu
from tests.test_newlib import Case, read_cases

NEEDS: Final = {
    "streams": "files, which the kernel has none of",
    "terminals": "to be told whether a stream is a terminal, which no call tells",
}
"""What some programs need that only semihosting has."""


def programs() -> list[str]:
    """NAME and NAME.arm of everything that the makefile builds."""
    make = ["make", "--no-print-directory", "-s", "-C", str(SOURCES), "newlib-kernel-list"]
    return subprocess.run(make, capture_output=True, text=True, check=True).stdout.split()


def rows() -> list[Any]:
    cases = read_cases()
    return [
        pytest.param(name, case, id=f"{name}-{number}")
        for name in programs()
        for number, case in enumerate(cases.get(name.split(".")[0], [Case()]))
        if name.split(".")[0] not in NEEDS
    ]


@pytest.mark.parametrize(("name", "case"), rows())
def test_same_as_over_semihosting(name: str, case: Case) -> None:
    program, _, arm = name.partition(".")
    hosted = guest(f"newlib/{program}.{'arm' if arm else 'thumb'}-hard")
    expected = run_emu(hosted, *case.args, stdin=case.stdin)
    is_first = case == read_cases().get(program, [Case()])[0]
    options = ("--check",) if is_first and not arm else ()  # on the other backends: below
    program_here = guest(f"newlib/kernel/{name}")
    ours = run_emu(program_here, *case.args, options=options, stdin=case.stdin)
    assert expected.returncode == case.status
    assert ours.stderr == b""
    assert ours.returncode == case.status, ours.stdout
    if expected.stderr:
        assert sorted(ours.stdout.splitlines()) == sorted(
            (expected.stdout + expected.stderr).splitlines()
        )
    else:
        assert ours.stdout == expected.stdout


def is_checked(row: str) -> bool:
    """Each program once: its Thumb code, with its first input."""
    return ".arm" not in row and row.endswith("-0")


@pytest.mark.parametrize("mmu", BACKENDS[1:])
@pytest.mark.parametrize(("name", "case"), [row for row in rows() if is_checked(row.id)])
def test_invariants_hold_after_every_call(name: str, case: Case, mmu: str) -> None:
    program, options = guest(f"newlib/kernel/{name}"), ("--check", "--mmu", mmu)
    run = run_emu(program, *case.args, options=options, stdin=case.stdin)
    assert run.returncode == case.status, run.stderr
    assert run.stderr == b""
