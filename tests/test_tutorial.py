"""docs/tutorial.md shows what its programs really do: each command in it is run."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Final

import pytest

from emu.mmu import BACKENDS
from emu.status import FAULT
from tests.guests import ROOT, build_guests, guest, run_emu

TEXT: Final = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS: Final = re.findall(r"^```console\n\$ emu (.*)\n((?:.*\n)*?)```$", TEXT, re.MULTILINE)


@pytest.fixture(scope="module", autouse=True)
def _programs() -> None:
    build_guests()


def test_there_is_a_block_for_each_step() -> None:
    assert TEXT.count("```console") == len(BLOCKS)
    found = {step for command, _ in BLOCKS for step in re.findall(r"step(\d+)", command)}
    assert found == {str(number) for number in range(1, 11)}


@pytest.mark.parametrize(("command", "shown"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_command(command: str, shown: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "emu", *command.split()], cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
    )  # fmt: skip
    if shown.endswith("\n...\n"):
        assert run.stdout.startswith(shown[: -len("...\n")])
    else:
        assert run.stdout == shown


@pytest.mark.parametrize("step", range(1, 11))
def test_invariants_hold_after_every_call(step: int) -> None:
    """On each backend; step 5 ends by a fault, as it is to."""
    program = guest(f"tutorial/step{step}")
    plain = run_emu(program)
    assert plain.returncode == (FAULT if step == 5 else 0)
    for mmu in BACKENDS:
        checked = run_emu(program, options=("--check", "--mmu", mmu))
        assert checked.returncode == plain.returncode
        assert (checked.stdout, checked.stderr) == (plain.stdout, plain.stderr)
