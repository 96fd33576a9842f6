"""The newlib programs give the same over the kernel's own calls as over semihosting.

Each with each of its inputs once, in the ways of a covering array.
"""

from __future__ import annotations

import subprocess
from typing import Final

import pytest

from tests.agreement import CODES, Command, commands
from tests.fuzz.variants import MMUS
from tests.guests import SOURCES, guest, run_emu
from tests.test_newlib import Case, read_cases

NEEDS: Final = {
    "streams": "files, which the kernel has none of",
    "terminals": "to be told whether a stream is a terminal, which no call tells",
}
"""What some programs need that only semihosting has."""


def programs() -> list[str]:
    """NAME and NAME.arm of everything that the makefile builds, but for what cannot run."""
    make = ["make", "--no-print-directory", "-s", "-C", str(SOURCES), "newlib-kernel-list"]
    names = subprocess.run(make, capture_output=True, text=True, check=True).stdout.split()
    return [name for name in names if name.split(".")[0] not in NEEDS]


def inputs() -> dict[str, tuple[str, Case]]:
    """Each program with each of its cases, by a name for both."""
    cases, stems = read_cases(), dict.fromkeys(name.split(".")[0] for name in programs())
    return {
        f"{program}-{number}": (program, case)
        for program in stems
        for number, case in enumerate(cases.get(program, [Case()]))
    }


def check(program: str, case: Case, command: Command) -> None:
    hosted = guest(f"newlib/{program}.{command.code.removeprefix('.') or 'thumb'}-hard")
    expected = run_emu(hosted, *case.args, stdin=case.stdin)
    program_here = guest(f"newlib/kernel/{program}{command.code}")
    ours = run_emu(program_here, *case.args, options=command.options, stdin=case.stdin)
    assert expected.returncode == case.status
    assert ours.stderr.partition(b"emu: process 0 ended by ")[0] == b""  # what is said of abort
    assert ours.returncode == case.status, ours.stdout
    errors, _, _ = expected.stderr.partition(b"emu: process 0 ended by ")
    if errors:
        assert sorted(ours.stdout.splitlines()) == sorted((expected.stdout + errors).splitlines())
    else:
        assert ours.stdout == expected.stdout


@pytest.mark.parametrize(("name", "command"), commands(inputs(), 1), ids=str)
def test_same_as_over_semihosting(name: str, command: Command) -> None:
    check(*inputs()[name], command)


def test_each_program_is_run() -> None:
    assert {f"{program}{code}" for program, _ in inputs().values() for code in CODES} == set(
        programs()
    )


@pytest.mark.long
@pytest.mark.parametrize("mmu", MMUS)
@pytest.mark.parametrize("code", CODES, ids=["thumb", "arm"])
@pytest.mark.parametrize("name", inputs())
def test_invariants_hold_after_every_call(name: str, code: str, mmu: str) -> None:
    check(*inputs()[name], Command(code, mmu, check=True))
