"""The translation table walk: the only place that follows descriptors.

    va  31        20 19      12 11        0
       +------------+----------+-----------+
       |  L1 index  | L2 index |  offset   |    TTBR0, TTBCR.N = 0
       +------------+----------+-----------+

Source: Arm ARM DDI 0406C, B3.5.2 (lookup), B3.12.3 (order of the checks),
table B3-23 (fault status).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from kernel_model.descriptors import (
    COARSE_ENTRIES,
    COARSE_SIZE,
    EXEC,
    L1_ENTRIES,
    READ,
    SECTION_SIZE,
    SMALL_PAGE_SIZE,
    WRITE,
    Coarse,
    Entry,
    Invalid,
    Leaf,
    SmallPage,
    decode_l1,
    decode_l2,
    describe,
    kernel_rights,
    user_rights,
)
from kernel_model.memory import PhysicalMemory

ALL_CLIENT = 0x55555555
"""DACR with every domain a client: the access permissions in entries are checked."""

_CLIENT, _MANAGER = 0b01, 0b11


class FaultStatus(IntEnum):
    """FSR status of a failed access, short-descriptor encoding (table B3-23)."""

    ALIGNMENT = 0b00001
    TRANSLATION_L1 = 0b00101
    TRANSLATION_L2 = 0b00111
    EXTERNAL_ABORT = 0b01000
    DOMAIN_L1 = 0b01001
    DOMAIN_L2 = 0b01011
    WALK_ABORT_L1 = 0b01100
    PERMISSION_L1 = 0b01101
    WALK_ABORT_L2 = 0b01110
    PERMISSION_L2 = 0b01111

    @property
    def text(self) -> str:
        """The manual's name, e.g. ``translation fault, second level``."""
        return _STATUS_TEXT[self]


_STATUS_TEXT = {
    FaultStatus.ALIGNMENT: "alignment fault",
    FaultStatus.EXTERNAL_ABORT: "external abort: nothing is at the physical address",
    FaultStatus.TRANSLATION_L1: "translation fault, first level",
    FaultStatus.TRANSLATION_L2: "translation fault, second level",
    FaultStatus.DOMAIN_L1: "domain fault, first level",
    FaultStatus.DOMAIN_L2: "domain fault, second level",
    FaultStatus.WALK_ABORT_L1: "external abort on translation table walk, first level",
    FaultStatus.WALK_ABORT_L2: "external abort on translation table walk, second level",
    FaultStatus.PERMISSION_L1: "permission fault, first level",
    FaultStatus.PERMISSION_L2: "permission fault, second level",
}


class Step(NamedTuple):
    """One descriptor that a walk read: ``word``, entry ``number`` of its table, at ``pa``."""

    level: int
    number: int
    pa: int
    word: int

    @property
    def entry(self) -> Entry:
        return decode_l1(self.word) if self.level == 1 else decode_l2(self.word)

    def __str__(self) -> str:
        return (
            f"L{self.level}[{self.number:#05x}] at {self.pa:#010x} = "
            f"{self.word:#010x} {describe(self.entry)}"
        )


class Walk(NamedTuple):
    """The result of a walk for ``va``.

    Without ``fault``, ``pa`` is the address that ``va`` translates to, ``user`` and ``kernel`` are
    the rights (READ, WRITE, EXEC), and ``size`` is how many bytes the last descriptor maps.  With
    ``fault`` there is no translation and ``pa`` is -1.
    """

    va: int
    pa: int
    user: int
    kernel: int
    size: int
    fault: FaultStatus | None
    steps: tuple[Step, ...]

    def refusal(self, access: int, privileged: bool = False) -> FaultStatus | None:
        """The fault status of an access, or None if the access succeeds.

        access: READ, WRITE, EXEC, or several of them.
        """
        if self.fault is not None:
            return self.fault
        if access & ~(self.kernel if privileged else self.user):
            first = len(self.steps) == 1
            return FaultStatus.PERMISSION_L1 if first else FaultStatus.PERMISSION_L2
        return None

    def __str__(self) -> str:
        return " -> ".join(map(str, self.steps))


def walk(memory: PhysicalMemory, ttbr0: int, va: int, dacr: int = ALL_CLIENT) -> Walk:
    """Translate ``va`` as the hardware would with this TTBR0 and DACR.

    ttbr0: physical address of the L1 table, 16 KiB aligned.
    """
    words = _words(memory, ttbr0, va)
    steps = _steps(ttbr0, va, words)
    found = _meaning(words, dacr)
    if found.fault is not None:
        return Walk(va, -1, 0, 0, 0, found.fault, steps)
    pa = found.base + (va & (found.size - 1))
    return Walk(va, pa, found.user, found.kernel, found.size, None, steps)


def reached(memory: PhysicalMemory, ttbr0: int, va: int, access: int) -> int:
    """The address (pa) that an access to ``va`` in user mode reaches, or -1 if it faults.

    The result agrees with ``walk``, and takes less time.  access: as for ``Walk.refusal``.
    Every domain is a client.
    """
    found = _meaning(_words(memory, ttbr0, va))
    if found.fault is not None or access & ~found.user:
        return -1
    return found.base + (va & (found.size - 1))


def _words(memory: PhysicalMemory, ttbr0: int, va: int) -> tuple[int, ...]:
    """The descriptors that a walk for ``va`` reads; those outside RAM are left out."""
    words, base, size = memory.words, memory.base, memory.size
    at = ttbr0 + (va >> 20 << 2) - base
    if not 0 <= at < size:
        return ()
    first = words[at >> 2]
    table = _coarse_table(first)
    if table is None:
        return (first,)
    at = table + (va >> 10 & 0x3FC) - base
    return (first, words[at >> 2]) if 0 <= at < size else (first,)


@lru_cache(maxsize=4096)
def _coarse_table(word: int) -> int | None:
    """The address (pa) of the coarse table that an L1 descriptor names, or None."""
    entry = decode_l1(word)
    return entry.table if isinstance(entry, Coarse) else None


def _second_pa(coarse: Coarse, va: int) -> int:
    return coarse.table + (va >> 12 & 0xFF) * 4


def _steps(ttbr0: int, va: int, words: tuple[int, ...]) -> tuple[Step, ...]:
    if not words:
        return ()
    first = Step(1, va >> 20, ttbr0 + (va >> 20) * 4, words[0])
    if len(words) == 1:
        return (first,)
    coarse = decode_l1(words[0])
    assert isinstance(coarse, Coarse)
    return (first, Step(2, va >> 12 & 0xFF, _second_pa(coarse, va), words[1]))


class _Meaning(NamedTuple):
    """What descriptors map: ``size`` bytes at ``base`` (pa) with these rights, or a fault."""

    base: int
    size: int
    user: int
    kernel: int
    fault: FaultStatus | None


@lru_cache(maxsize=65536)
def _meaning(words: tuple[int, ...], dacr: int = ALL_CLIENT) -> _Meaning:
    """The meaning of the descriptors that a walk has read."""
    if not words:
        return _fault(FaultStatus.WALK_ABORT_L1)
    entry = decode_l1(words[0])
    if isinstance(entry, Coarse):
        return _second_level(entry, words[1:], dacr)
    if isinstance(entry, Invalid):
        return _fault(FaultStatus.TRANSLATION_L1)
    role = dacr >> (entry.domain * 2) & 0b11
    if role not in (_CLIENT, _MANAGER):
        return _fault(FaultStatus.DOMAIN_L1)
    return _translated(entry, role)


def _second_level(coarse: Coarse, words: tuple[int, ...], dacr: int) -> _Meaning:
    if not words:
        return _fault(FaultStatus.WALK_ABORT_L2)
    entry = decode_l2(words[0])
    if isinstance(entry, Invalid):
        return _fault(FaultStatus.TRANSLATION_L2)
    role = dacr >> (coarse.domain * 2) & 0b11
    if role not in (_CLIENT, _MANAGER):
        return _fault(FaultStatus.DOMAIN_L2)
    found = _translated(entry, role)
    if coarse.pxn and role == _CLIENT:
        return found._replace(kernel=found.kernel & ~EXEC)
    return found


def _fault(status: FaultStatus) -> _Meaning:
    return _Meaning(-1, 0, 0, 0, status)


def _translated(entry: Leaf, role: int) -> _Meaning:
    if role == _MANAGER:
        everything = READ | WRITE | EXEC
        return _Meaning(entry.base, entry.size, everything, everything, None)
    return _Meaning(entry.base, entry.size, user_rights(entry), kernel_rights(entry), None)


class Mapped(NamedTuple):
    """A run of entries that map [va, va + size) to [pa, pa + size) with the same attributes.

    user, kernel: rights.  kind: of the entries.  memory: the memory type.
    """

    va: int
    size: int
    pa: int
    user: int
    kernel: int
    kind: str
    memory: str

    @property
    def end(self) -> int:
        return self.va + self.size


def mapped(memory: PhysicalMemory, ttbr0: int, va: int = 0, end: int = 1 << 32) -> list[Mapped]:
    """All that the tables map in [va, end), both page aligned, in order of address.

    Every domain is a client.  A supersection or large page takes 16 equal entries; each of them
    counts for the addresses that it translates.
    """
    found: list[Mapped] = []
    for start, size, leaf in _leaves(memory, ttbr0, va, end):
        rights = user_rights(leaf), kernel_rights(leaf)
        pa = leaf.base + (start & (leaf.size - 1))
        last = found[-1] if found else None
        one = Mapped(start, size, pa, *rights, leaf.kind, leaf.memory.name)
        if last is not None and one == last._replace(
            va=last.end, size=size, pa=last.pa + last.size
        ):
            found[-1] = last._replace(size=last.size + size)
        else:
            found.append(one)
    return found


def _leaves(
    memory: PhysicalMemory, ttbr0: int, va: int, end: int
) -> Iterator[tuple[int, int, Leaf]]:
    """The entries that map [va, end): address, bytes, and the entry.

    Consecutive small pages that differ only in their base are one result, with the first entry.
    """
    if not memory.contains(ttbr0, L1_ENTRIES * 4):
        return
    first, last = va // SECTION_SIZE, (end + SECTION_SIZE - 1) // SECTION_SIZE
    for number, word in enumerate(memory.read_words(ttbr0 + first * 4, last - first), first):
        if not word:
            continue
        entry, start = decode_l1(word), number * SECTION_SIZE
        low, high = max(va, start), min(end, start + SECTION_SIZE)
        if isinstance(entry, Coarse):
            yield from _pages(memory, entry, low, high)
        elif not isinstance(entry, Invalid):
            yield low, high - low, entry


def _pages(
    memory: PhysicalMemory, coarse: Coarse, va: int, end: int
) -> Iterator[tuple[int, int, Leaf]]:
    """``_leaves`` of one second-level table, which translates all of [va, end)."""
    first, count = va // SMALL_PAGE_SIZE % COARSE_ENTRIES, (end - va) // SMALL_PAGE_SIZE
    if not memory.contains(coarse.table, COARSE_SIZE):
        return
    words = memory.read_words(coarse.table + first * 4, count)
    number = 0
    while number < count:
        length, entry = 1, decode_l2(words[number]) if words[number] else None
        if isinstance(entry, SmallPage):
            length = _run(words, number)
        if entry is not None and not isinstance(entry, Invalid):
            yield va + number * SMALL_PAGE_SIZE, length * SMALL_PAGE_SIZE, entry
        number += length


def _run(words: Sequence[int], first: int) -> int:
    """The count of consecutive entries from ``first`` on that differ only in their base."""
    expected = words[first]
    for number in range(first, len(words)):
        if words[number] != expected:
            return number - first
        expected += SMALL_PAGE_SIZE
    return len(words) - first
