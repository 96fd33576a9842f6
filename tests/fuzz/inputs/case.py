"""An input as a list of changes, of which any can be left out, and what it must not do."""

from __future__ import annotations

import random
import signal
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final, NamedTuple

SECONDS: Final = 30
"""After which an input is one that makes us hang, however slow the host is."""


class Hangs(Exception):  # noqa: N818 - the name is what is told
    """An input took too long."""


class Broken(Exception):  # noqa: N818 - the name is what is told
    """What was done with an input is not what may be done."""


class Case(NamedTuple):
    """An input of a kind.  base: what it begins as.  parts: changes, words or operations."""

    target: str
    base: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join((f"{self.target} {self.base}", *self.parts))


class Target(NamedTuple):
    """A door.

    generate: what comes in, of a seed.  give: lets it in, and raises what is a finding.
    """

    name: str
    generate: Callable[[random.Random], Case]
    give: Callable[[Case], None]


def parse(text: str) -> Case:
    """The case of a listing, as ``str`` gives it."""
    first, *parts = text.rstrip("\n").split("\n")
    target, _, base = first.partition(" ")
    return Case(target, base, tuple(parts))


@contextmanager
def limited(seconds: int = SECONDS) -> Iterator[None]:
    """While entered, time is limited.  Errors: Hangs, again each second: one may get lost."""

    def over(_number: int, _frame: FrameType | None) -> None:
        raise Hangs(f"{seconds} seconds were not enough")

    old = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def failure(target: Target, case: Case) -> str:
    """What is wrong with what came of a case; "" if nothing is."""
    try:
        with limited():
            target.give(case)
    except Exception as error:  # whatever it is, it is what we look for
        at = error.__traceback__
        names = []
        while at is not None:
            names.append(at.tb_frame.f_code.co_name)
            at = at.tb_next
        return f"{type(error).__name__}: {error} in {' > '.join(names[-5:])}"
    return ""


def smaller(case: Case) -> Iterator[Case]:
    """The same without some parts, the longest runs first."""
    for length in (8, 4, 2, 1):
        for start in range(0, len(case.parts) - length + 1, length):
            yield case._replace(parts=case.parts[:start] + case.parts[start + length :])


# Damage to bytes

_ODD: Final = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFF000)


def damage(chance: random.Random, places: Sequence[range]) -> tuple[str, ...]:
    """Changes to some of the places: ``at=bytes``, a cut ``at=``."""
    parts = []
    for _ in range(chance.choice((1, 1, 2, 4, 8, 20))):
        place = chance.choice(places)
        at = chance.choice(place)
        if chance.random() < 0.04:
            parts.append(f"{at:#x}=")
            continue
        size = chance.choice((1, 1, 2, 4, 4))
        aligned = at & -size if chance.random() < 0.8 else at
        value = chance.choice((*_ODD, chance.getrandbits(32), chance.randrange(0x20000)))
        parts.append(f"{aligned:#x}={struct.pack('<I', value)[:size].hex()}")
    return tuple(parts)


def damaged(data: bytes, parts: Sequence[str]) -> bytes:
    """The bytes with these changes."""
    changed = bytearray(data)
    for part in parts:
        at, _, value = part.partition("=")
        new = bytes.fromhex(value)
        if new:
            changed[int(at, 0) : int(at, 0) + len(new)] = new
        else:
            del changed[int(at, 0) :]
    return bytes(changed)
