"""An address space as the hardware sees it: what its descriptors map, gathered to runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kernel_model.descriptors import (
    COARSE_ENTRIES,
    COARSE_SIZE,
    L1_ENTRIES,
    SECTION_SIZE,
    SMALL_PAGE_SIZE,
    Coarse,
    Fault,
    Leaf,
    decode_l1,
    decode_l2,
    kernel_rights,
    user_rights,
)
from kernel_model.memory import PhysicalMemory


class Run(NamedTuple):
    """Neighbouring entries that map neighbouring memory alike.

    user, kernel: rights.  kind: of the entries.  memory: its type.
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


class Hanging(NamedTuple):
    """``entries`` L1 entries from number ``entry`` on name neighbouring coarse tables.

    table: where the first is (pa).
    """

    entry: int
    entries: int
    table: int


def runs(memory: PhysicalMemory, l1_pa: int) -> list[Run]:
    """All that the tables map, in order of address."""
    found: list[Run] = []
    for va, size, entry in _leaves(memory, l1_pa):
        pa = entry.base + va % entry.size
        rights = user_rights(entry), kernel_rights(entry)
        run = Run(va, size, pa, *rights, entry.kind, entry.memory.name)
        if found and _continues(found[-1], run):
            found[-1] = found[-1]._replace(size=found[-1].size + size)
        else:
            found.append(run)
    return found


def hangings(memory: PhysicalMemory, l1_pa: int) -> list[Hanging]:
    """The second-level tables of an L1, in order of address."""
    found: list[Hanging] = []
    for index, word in enumerate(memory.read_words(l1_pa, L1_ENTRIES)):
        entry = decode_l1(word)
        if not isinstance(entry, Coarse):
            continue
        last = found[-1] if found else Hanging(-1, 0, 0)
        next_table = last.table + last.entries * COARSE_SIZE
        if index == last.entry + last.entries and entry.table == next_table:
            found[-1] = last._replace(entries=last.entries + 1)
        else:
            found.append(Hanging(index, 1, entry.table))
    return found


def _continues(run: Run, following: Run) -> bool:
    at = run._replace(va=run.end, pa=run.pa + run.size, size=following.size)
    return at == following


def _leaves(memory: PhysicalMemory, l1_pa: int) -> Iterator[tuple[int, int, Leaf]]:
    """Each entry that maps something: va, bytes, the entry.  Of 16 alike each stands for itself."""
    for index, word in enumerate(memory.read_words(l1_pa, L1_ENTRIES)):
        if not word:
            continue
        entry, va = decode_l1(word), index * SECTION_SIZE
        if isinstance(entry, Coarse):
            yield from _pages(memory, entry.table, va)
        elif not isinstance(entry, Fault):
            yield va, SECTION_SIZE, entry


def _pages(memory: PhysicalMemory, table: int, va: int) -> Iterator[tuple[int, int, Leaf]]:
    if not memory.contains(table, COARSE_SIZE):
        return
    for index, word in enumerate(memory.read_words(table, COARSE_ENTRIES)):
        entry = decode_l2(word)
        if not isinstance(entry, Fault):
            yield va + index * SMALL_PAGE_SIZE, SMALL_PAGE_SIZE, entry
