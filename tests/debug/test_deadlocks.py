"""Deadlocks: the cycle, what would have ended it, and the processes that wait behind it."""

from __future__ import annotations

from itertools import cycle

import pytest

from emu.mmu import BACKENDS
from emu.status import DEADLOCK
from tests.guests import guest, run_emu

HEAD = "emu: deadlock: every process waits and none can wake another"

CASES = {
    "s2 c3 s1 s1 s4 r": [
        "a cycle: process 1 waits to send to 2, 2 waits to call 3, 3 waits to send to 1",
        "any of these would have ended it: a recv by 2, a recv by 3, a recv by 1",
        "process 4 waits for process 1 to receive its message; process 1 is in a cycle",
        "process 5 waits for process 4 to receive its message; process 1 is in a cycle, "
        "through process 4",
        "process 0 waits for a message",
    ],
    "c2 rs1 r": [
        "a cycle: process 1 waits for a reply from 2, 2 waits to send to 1",
        "any of these would have ended it: a reply to 1 by 2, a recv by 1",
    ],
    "f c1 c2": [
        "a cycle: process 0 waits to call 2, 2 waits to call 1, 1 waits to report its fault to 0",
        "any of these would have ended it: a recv by 2, a recv by 1, a recv by 0",
    ],
    "n s1 s2": [
        "a cycle: process 0 waits to send to 2, 2 waits to send to 1, 1 waits to be started by 0",
        "any of these would have ended it: a recv by 2, a recv by 1, a send to 1 by 0",
    ],
    "s2 s1 s4 s3 s2": [
        "a cycle: process 1 waits to send to 2, 2 waits to send to 1",
        "a cycle: process 3 waits to send to 4, 4 waits to send to 3",
        "process 0 waits for process 2 to receive its message; process 2 is in a cycle",
    ],
}  # fmt: skip
"""What ``mistakes/cycle`` is told to do, and lines of the report."""

WITHOUT_A_CYCLE = {
    "r c1": "process 0 waits for process 1 to reply; process 1 waits for a message, which nobody "
    "is left to send",
    "r r": "process 0 waits for a message",
}


def told(words: str, *options: str) -> list[str]:
    run = run_emu(guest("mistakes/cycle"), *words.split(), options=options)
    assert (run.stdout, run.returncode) == (b"all wait\n", DEADLOCK)
    return [line.strip() for line in run.stderr.decode().splitlines()]


@pytest.mark.parametrize(("words", "mmu"), list(zip(CASES, cycle(BACKENDS), strict=False)))
def test_a_cycle_is_named(words: str, mmu: str) -> None:
    lines = told(words, "--mmu", mmu)
    assert lines[0] == HEAD
    for line in CASES[words]:
        assert line in lines
    cycles = [line for line in lines if line.startswith("a cycle: ")]
    assert cycles == [line for line in CASES[words] if line.startswith("a cycle: ")]


@pytest.mark.parametrize("words", WITHOUT_A_CYCLE)
def test_no_cycle_is_named_where_there_is_none(words: str) -> None:
    lines = told(words)
    assert WITHOUT_A_CYCLE[words] in lines
    assert not any(line.startswith("a cycle") or "is in a cycle" in line for line in lines)
