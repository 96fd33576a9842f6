"""Real C programs with newlib do the same under emu as under QEMU's user-mode emulation."""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import dataclass
from typing import Final

import pytest

from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine
from tests.guests import SOURCES, guest, need_tool, run_emu

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


def rows() -> list[object]:
    """Each variant of each program with each of its cases."""
    cases = read_cases()
    return [
        pytest.param(name, case, id=f"{name}-{number}")
        for name in built_names()
        for number, case in enumerate(cases.get(name.split(".")[0], [Case()]))
    ]


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
    assert ours.stderr == expected.stderr


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
