"""Traces of instructions against a hook before each instruction, which cannot be wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guests import guest
from tests.hooks import add_code_hook
from tests.observing import OnFault
from tests.traced import BACKENDS, built, machine_for, traced

_LINE = re.compile(
    r"\[(\d+)\] ([0-9a-f]{8}) (?:<[^>]*> )?([0-9a-f]{4} [0-9a-f]{4}|[0-9a-f]{4,8}) +(.*)"
)

GUESTS = (
    "programs/hello",
    "programs/fault_null",
    "programs/maptable.arm",
    "newlib/longjmp.thumb-hard",
    "newlib/longjmp.arm-soft",
)
ENOUGH = {"tlb": 40_000, "map": 20_000, "cpu": 20_000}
"""Instructions of each guest.  Longer runs go on with the same code."""
OWN = ("faulty", "calling", "rewriting", "pair")

Step = tuple[int, int, str]
"""pid, va, and the code as hexadecimal halfwords or a word."""


def naive(program: Path, mmu: str, max_insns: int = 0) -> list[Step]:
    """What a Python hook sees; what it is told of twice only because it faulted counts once."""
    machine = machine_for(program, mmu, max_insns)
    ram, steps, core = machine.ram.ram, [], machine.cores[0]
    faults: list[int] = []

    def hook(va: int, size: int) -> None:
        code = b"".join(ram.read(core.backend.physical(va + at), 2) for at in range(0, size, 2))
        halves = [f"{code[at + 1]:02x}{code[at]:02x}" for at in range(0, size, 2)]
        text = " ".join(halves) if core.engine.registers.thumb else "".join(reversed(halves))
        steps.append((machine.kernel.running[0].pid, va, text))

    machine.observers.add(OnFault(lambda fault: faults.append(fault.pc)))
    add_code_hook(machine.cores[0].engine, hook)
    machine.run()
    return steps


def trace(program: Path, mmu: str, max_insns: int = 0) -> list[tuple[Step, str]]:
    """What the trace says, with the text of each instruction."""
    found = [_LINE.fullmatch(line) for line in traced(program, "insn", mmu, max_insns).splitlines()]
    assert all(found)
    return [((int(m[1]), int(m[2], 16), m[3]), m[4]) for m in found if m]


def without_skipped(steps: list[tuple[Step, str]], seen: list[Step]) -> list[Step]:
    """The trace without those instructions of IT blocks that the hook was not called for.

    Unicorn calls it only for those whose condition holds; the trace has all, as for Arm code.
    """
    kept: list[Step] = []
    conditional = 0
    for step, text in steps:
        at = len(kept)
        if conditional and (at >= len(seen) or seen[at] != step):
            conditional -= 1
            continue
        conditional = max(0, conditional - 1)
        if re.match(r"it[te]* ", text):
            conditional = len(text.split()[0]) - 1
        kept.append(step)
    return kept


def agree(program: Path, mmu: str, max_insns: int = 0) -> None:
    seen = naive(program, mmu, max_insns)
    steps = trace(program, mmu, max_insns)
    mine = without_skipped(steps, seen)
    if len(seen) == len(mine) + 1:
        seen.pop()  # the hook was called for an instruction that then did not execute
    assert mine == seen
    assert len(seen) > 20


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", GUESTS)
def test_a_guest_executes_what_the_trace_says(name: str, mmu: str) -> None:
    agree(guest(name), mmu, ENOUGH[mmu])


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", OWN)
def test_a_small_program_executes_what_the_trace_says(name: str, mmu: str) -> None:
    agree(built(name), mmu)


@pytest.mark.parametrize("max_insns", [*range(1, 40), 1000, 1001, 1002, 1003])
def test_a_run_cut_anywhere_shows_only_what_executed(max_insns: int) -> None:
    steps = trace(guest("programs/hello.arm"), "tlb", max_insns)
    assert len(steps) == max_insns
    assert [step for step, _ in steps] == naive(guest("programs/hello.arm"), "tlb", max_insns)[
        :max_insns
    ]


def test_blocks_cover_the_same_instructions() -> None:
    program = guest("programs/hello.arm")
    blocks = [line.split() for line in traced(program, "block").splitlines()]
    counts = [int(words[-2]) for words in blocks]
    assert sum(counts) == len(trace(program, "tlb")) > len(counts) > 0
