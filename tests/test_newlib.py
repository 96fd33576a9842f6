"""Real C programs with newlib do the same under emu as under QEMU's user-mode emulation."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import dataclass
from typing import Any, Final

import pytest

from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine
from tests.guests import SOURCES, guest, need_tool, run_emu

USUAL: Final = {f"{code}-{floats}" for code in ("arm", "thumb") for floats in ("soft", "hard")}
CASES: Final = SOURCES / "newlib" / "cases.toml"


@dataclass(frozen=True)
class Case:
    """One way to run a program, and how it must end."""

    args: tuple[str, ...] = ()
    stdin: bytes = b""
    status: int = 0


def read_cases() -> dict[str, list[Case]]:
    """The cases of each program that has any."""
    table = tomllib.loads(CASES.read_text(encoding="utf-8"))
    return {program: [read_case(**row) for row in rows] for program, rows in table.items()}


def read_case(args: list[str] | None = None, stdin: str = "", status: int = 0) -> Case:
    return Case(tuple(args or ()), stdin.encode("latin-1"), status)


def built_names() -> list[str]:
    """PROGRAM.VARIANT of everything that the makefile builds."""
    make = ["make", "--no-print-directory", "-s", "-C", str(SOURCES), "newlib-list"]
    return subprocess.run(make, capture_output=True, text=True, check=True).stdout.split()


def variants() -> dict[str, list[str]]:
    """The variants of each program that the makefile builds."""
    found: dict[str, list[str]] = {}
    for name in built_names():
        program, variant = name.split(".")
        found.setdefault(program, []).append(variant)
    return found


def rows() -> list[Any]:
    """Each case of each program in one variant, in turns; each of those that are unusual, too.

    The rest of the product is for ``make test-long``.
    """
    cases, turn, made = read_cases(), 0, []
    for program, names in variants().items():
        for number, case in enumerate(cases.get(program, [Case()])):
            for at, variant in enumerate(names):
                chosen = at == turn % len(names) or (number == 0 and not set(names) <= USUAL)
                marks = [] if chosen else [pytest.mark.long]
                made.append(pytest.param(f"{program}.{variant}", case, marks=marks,
                                         id=f"{program}.{variant}-{number}"))  # fmt: skip
            turn += 1
    return made


def test_every_variant_runs() -> None:
    """Among those that are not for ``make test-long``."""
    run = {row.values[0].split(".")[1] for row in rows() if not row.marks}
    assert run == {variant for names in variants().values() for variant in names}
    programs = {row.values[0].split(".")[0] for row in rows() if not row.marks}
    assert programs == set(variants())


@pytest.mark.parametrize(("name", "case"), rows())
def test_same_as_qemu(name: str, case: Case) -> None:
    qemu = need_tool("qemu-arm")
    program = guest(f"newlib/{name}")

    expected = subprocess.run(
        [qemu, str(program), *case.args],
        input=case.stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    ours = run_emu(program, *case.args, stdin=case.stdin)

    assert expected.returncode == case.status, "the program, not emu, has changed"
    assert ours.stdout == expected.stdout, ours.stderr.decode()
    assert ours.returncode == expected.returncode, ours.stderr.decode()
    own, _, _ = ours.stderr.partition(b"emu: process 0 ended by ")  # what we add to abort
    assert own == expected.stderr


def test_every_case_is_of_a_program() -> None:
    assert set(read_cases()) <= {name.split(".")[0] for name in built_names()}


@pytest.mark.parametrize("terminal", [False, True])
def test_a_program_is_told_whether_it_writes_to_a_terminal(terminal: bool) -> None:
    path = guest("newlib/terminals.arm-hard")
    world = ScriptedWorld(terminal=terminal)
    with path.open("rb") as stream:
        Machine(load_elf(stream, path.name), world).run()
    lines = bytes(world.stdout).decode().splitlines()
    assert lines == [f"{fd}: {terminal:d}, errno is ENOTTY: {not terminal:d}" for fd in range(3)]
