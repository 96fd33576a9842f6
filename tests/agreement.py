"""Guests in the ways that a covering array chooses: each shows what a plain run shows.

Beside each way the program runs plainly, as far, and watched alike.  So every backend is compared
with every other, the hooks in C with their twins, and all of that in Arm and in Thumb code: the
output, the trace of what the processes do, every fault and refusal, the registers, the RAM, the
kernel's state, and what the watcher wrote.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from tests.covering import ROWS, Row, cover
from tests.fuzz.variants import MIB, MMUS, WATCHES, Finding, Variant, elf_program, judge

CODES: Final = ("", ".arm")
"""What the names of a program's files have behind them: in Thumb and in Arm code."""

CHECKS: Final = (False, True)
COUNTED: Final = (True, True, False)
HOOKS: Final = ("C", "C", "Python")
WATCHED: Final = (*[""] * 4, *WATCHES[1:])
PIECES: Final = (0, 997)
REPLAYED: Final = (False, False, True)
FACTORS: Final = (CODES, MMUS, WATCHED, CHECKS, HOOKS, PIECES, REPLAYED)
"""What a way chooses: the code, and a ``Variant`` in its own order, but for what is counted."""

LONG: Final = 1_500_000
"""Instructions that no run exceeds."""

RUNS: Final = 3
"""Ways of each program, besides those that its output is compared in."""


class Way(NamedTuple):
    """code: of ``CODES``."""

    code: str
    variant: Variant

    def __str__(self) -> str:
        return f"{self.code.removeprefix('.') or 'thumb'}+{self.variant}"


def way_of(row: Row) -> Way:
    code, *choices, replayed = row
    return Way(str(code), Variant(*choices, replayed=bool(replayed)))


def is_useful(row: Row) -> bool:
    """Whether it is another run than that which it is compared with."""
    return way_of(row).variant != Variant()


def enough(variant: Variant) -> int:
    """Instructions after which a run has shown enough, by what one costs."""
    if variant.watch == "trace":
        return 100_000
    if variant.hooks == "Python":
        return 100_000 if variant.watch == "mem" else 250_000
    if variant.watch == "mem":
        return 250_000
    return 600_000 if variant.check else LONG


def ways(programs: Iterable[str], rows: int = RUNS) -> dict[str, list[Way]]:
    """The ways of each program."""
    made = cover(programs, FACTORS, rows, is_useful)
    return {program: [way_of(row) for row in rows] for program, rows in made.items()}


def compared(variants: Iterable[Variant]) -> list[Variant]:
    """These, each after what it is compared with: a plain run, and one that is watched alike."""
    made = [Variant()]
    for variant in variants:
        if variant.watch:
            made.append(Variant(watch=variant.watch, pieces=variant.pieces))
        made.append(variant)
    return list(dict.fromkeys(made))


def disagreement(
    program: Path, ways: Iterable[Way], stdin: bytes = b"", ram: int = 16, bound: int = LONG
) -> tuple[Finding | None, bytes]:
    """What is wrong with a program that runs in these ways, and as much as it printed in any.

    program: its ELF file in Thumb code.  ram: MiB.  bound: instructions, at most.
    """
    alike: dict[tuple[str, int], list[Variant]] = {}
    for code, variant in ways:
        alike.setdefault((code, min(bound, enough(variant))), []).append(variant)
    printed = b""
    for (code, end), variants in alike.items():
        file = program.with_suffix(f"{code}.elf")
        what = elf_program(file, stdin, end)._replace(ram=ram * MIB, events=True)
        finding, plain = judge(what, compared(variants))
        printed = max(printed, plain.console, key=len)
        if finding is not None:
            return Finding(finding.kind, f"{file.name}: {finding.text}"), printed
    return None, printed


def random_ways(seeds: Iterable[int], watched: Sequence[str] = WATCHED) -> dict[int, list[Variant]]:
    """The ways of the random programs of these seeds, and what they are compared with."""
    factors = (MMUS, watched, CHECKS, HOOKS, PIECES, COUNTED, REPLAYED)
    made = cover(map(str, seeds), factors, ROWS, lambda row: is_possible(Variant(*row)))
    return {int(seed): compared(Variant(*row) for row in rows) for seed, rows in made.items()}


def is_possible(variant: Variant) -> bool:
    """What is not counted is run as a whole and not watched; a plain run is there already."""
    whole = not (variant.watch or variant.pieces or variant.replayed)
    return variant != Variant() and (variant.counted or whole)


class Command(NamedTuple):
    """How ``emu run`` is asked for a program, whose output is then compared with what is known."""

    code: str
    mmu: str
    check: bool
    hooks: str = "C"

    def __str__(self) -> str:
        return str(Way(self.code, Variant(self.mmu, "", self.check, self.hooks)))

    @property
    def options(self) -> tuple[str, ...]:
        return ("--mmu", self.mmu, *["--check"] * self.check)

    @property
    def env(self) -> dict[str, str]:
        return {"EMU_NATIVE": "0"} if self.hooks == "Python" else {}


COMMANDS: Final = (CODES, MMUS, CHECKS)
"""What such a command chooses; the hooks besides where programs are short."""


def commands(
    programs: Iterable[str], rows: int = 2, factors: Sequence[Sequence[Hashable]] = COMMANDS
) -> list[tuple[str, Command]]:
    """Each program with each of its commands."""
    made = cover(programs, factors, rows)
    return [(program, Command(*row)) for program, rows in made.items() for row in rows]


def long_one(value: object) -> Any:
    """A parameter that is for ``make test-long``."""
    return pytest.param(value, marks=pytest.mark.long)
