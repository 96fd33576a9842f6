"""The second-level tables that hang in an L1, neighbouring ones gathered."""

from __future__ import annotations

from typing import NamedTuple

from kernel_model.descriptors import COARSE_SIZE, L1_ENTRIES, Coarse, decode_l1
from kernel_model.memory import PhysicalMemory


class Hanging(NamedTuple):
    """``entries`` L1 entries from number ``entry`` on name neighbouring coarse tables.

    table: where the first is (pa).
    """

    entry: int
    entries: int
    table: int


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
