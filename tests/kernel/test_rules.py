"""What ``docs/rules.md`` names for each sentence of the rules exists."""

from __future__ import annotations

import re
from pathlib import Path

from kernel_model.invariants import INVARIANTS
from tests.kernel.driver import Machine

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "docs/kernel.md").read_text().split("## Rules")[1].split("\n## ")[0]
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", (ROOT / "docs/rules.md").read_text(), re.M)
NAMED = [name for _, _, names in ROWS for name in re.findall(r"`([\w.]+)`", names)]


def names_in(module: str) -> set[str]:
    text = (ROOT / "tests/kernel" / f"{module}.py").read_text()
    return set(re.findall(r"^def test_(\w+)\(", text, re.M))


def test_every_rule_has_what_notices_its_breach():
    rules = re.findall(r"^(\d+)\. ", RULES, re.M)
    assert sorted({number for number, _, _ in ROWS}, key=int) == rules
    for number, sentence, names in ROWS:
        assert re.findall(r"`[\w.]+`", names), (number, sentence)


def test_what_is_named_exists():
    tests = {name for name in NAMED if "." in name}
    missing = [name for name in tests if name.split(".")[1] not in names_in(name.split(".")[0])]
    assert missing == []
    assert {name for name in NAMED if "." not in name} <= set(INVARIANTS)


def test_every_invariant_is_a_rules():
    assert set(INVARIANTS) <= set(NAMED)


def test_a_process_that_lives_when_proc0_ends_with_it_ends_first():
    """proc0 and another wait for one handler, which ends: the machine stops after both have."""
    machine = Machine()
    handler, other = machine.child(), machine.child()
    machine.ok("fault_handler", handler.pid)
    machine.turn(other.pid)
    machine.ok("fault_handler", handler.pid)
    machine.turn(0)
    machine.crash()  # first in the handler's queue
    machine.turn(other.pid)
    machine.crash()
    assert machine.pid == handler.pid
    machine.call("exit", 0)
    assert machine.kernel.halted is not None
    assert set(machine.kernel.processes) == {0}
