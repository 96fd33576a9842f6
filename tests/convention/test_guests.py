"""Every guest of calls and scenarios under two conventions: the same but for the names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Final

import pytest

from emu.mmu import BACKENDS
from emu.status import DEADLOCK, FAULT
from tests.convention.sides import Said, both, programs

STDIN: Final = b"0123456789abcdefghijklmnopqrstuvwxyz\nsecond line\n"
ARGS: Final = {"scenarios/spawn": ("2",)}
STATUS: Final = {
    "calls/exit": 42, "scenarios/deadlock": DEADLOCK, "scenarios/ended_by_handler": FAULT,
}  # fmt: skip

KINDS: Final = ("syscall,ipc", "map,fault,sched")
MUCH: Final = {
    "calls/fault_handler", "calls/frame_map", "calls/recv", "scenarios/greedy",
    "scenarios/misbehave",
}  # fmt: skip
"""Programs that make so many calls that only turns and messages are traced."""


def choices() -> list[tuple[str, tuple[str, ...]]]:
    """Each program with its options, so that every two of those come together in some program."""
    names = [*programs("calls"), *programs("scenarios")]
    formats = ("text", "jsonl", "chrome")
    turns = itertools.cycle(itertools.product(BACKENDS, formats, KINDS, (True, False)))
    return [(name, options_of(name, *next(turns))) for name in names]


def options_of(name: str, mmu: str, format_: str, kinds: str, explain: bool) -> tuple[str, ...]:
    if name in MUCH:
        kinds, explain = "sched,ipc", False
    words = ("--mmu", mmu, "--ram", "16M", "--trace", kinds, "--trace-format", format_)
    return (*words, "--trace-out", "-", *(("--explain",) if explain else ()))


def same(name: str, *command: str, args: Sequence[str] = (), stdin: bytes = b"") -> Said:
    """What a command says of a guest, which is the same on both sides."""
    ours, theirs = both(name, command, args, stdin)
    assert theirs.status == ours.status
    assert theirs.stderr.splitlines() == ours.stderr.splitlines()
    assert theirs.stdout.splitlines() == ours.stdout.splitlines()
    return ours


@pytest.mark.parametrize(("name", "options"), choices(), ids=lambda one: str(one))
def test_a_guest_is_the_same(name: str, options: tuple[str, ...]) -> None:
    """Its output, its status, its trace, and what is explained of it."""
    said = same(name, "run", *options, args=ARGS.get(name, ()), stdin=STDIN)
    assert said.status == STATUS.get(name, 0)
    assert said.status == DEADLOCK or f"PASS {name.partition('/')[2]}" in said.stdout
