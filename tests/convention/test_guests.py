"""Each guest of calls and scenarios behaves alike under two conventions, except for names."""

from __future__ import annotations

import itertools
from typing import Final, NamedTuple

import pytest

from emu.mmu import BACKENDS
from emu.status import DEADLOCK, FAULT
from tests.convention.sides import programs, same

STDIN: Final = b"0123456789abcdefghijklmnopqrstuvwxyz\nsecond line\n"
ARGS: Final = {"scenarios/spawn": ("2",)}
STATUS: Final = {
    "calls/exit": 42, "scenarios/deadlock": DEADLOCK, "scenarios/ended_by_handler": FAULT,
}  # fmt: skip

KINDS: Final = ("syscall,ipc,!frame_info,!frame_lookup", "map,fault,sched")
MUCH: Final = {
    "calls/fault_handler", "calls/frame_map", "calls/recv", "scenarios/code_travels",
    "scenarios/greedy", "scenarios/misbehave",
}  # fmt: skip
"""Programs that make so many calls that only messages are traced."""


class Choice(NamedTuple):
    """A program, and how it is run."""

    name: str
    mmu: str
    format: str
    trace: str
    explain: bool


def choices() -> list[Choice]:
    """Each program with its options, all of whose combinations occur."""
    names = [*programs("calls"), *programs("scenarios")]
    formats = ("text", "jsonl", "chrome")
    ways = itertools.cycle(itertools.product(BACKENDS, formats, KINDS, (True, False)))
    every = [Choice(name, *way) for name, way in zip(names, ways, strict=False)]
    return [one._replace(trace="ipc", explain=False) if one.name in MUCH else one for one in every]


@pytest.mark.parametrize("choice", choices(), ids=lambda choice: choice.name)
def test_a_guest_is_the_same(choice: Choice) -> None:
    """Its output, its status, its trace, and what is explained of it."""
    name, mmu, format_, trace, explain = choice
    words = ("run", "--mmu", mmu, "--ram", "16M", "--trace-format", format_)
    words += ("--explain",) if explain else ()
    said = same(name, *words, trace=trace, args=ARGS.get(name, ()), stdin=STDIN)
    assert said.status == STATUS.get(name, 0)
    assert said.status == DEADLOCK or f"PASS {name.partition('/')[2]}" in said.stdout
