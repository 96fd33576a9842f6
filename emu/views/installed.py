"""The second-level tables installed in an L1: runs of neighbouring ones."""

from __future__ import annotations

from typing import NamedTuple

from kernel_model.descriptors import COARSE_SIZE, L1_ENTRIES, Coarse, decode_l1
from kernel_model.memory import PhysicalMemory


class TableRun(NamedTuple):
    """``entries`` L1 entries from number ``entry`` on name neighbouring coarse tables.

    table: where the first is (pa).
    """

    entry: int
    entries: int
    table: int


def table_runs(memory: PhysicalMemory, l1_pa: int) -> list[TableRun]:
    """The second-level tables of an L1, in order of address."""
    found: list[TableRun] = []
    for index, word in enumerate(memory.read_words(l1_pa, L1_ENTRIES)):
        entry = decode_l1(word)
        if not isinstance(entry, Coarse):
            continue
        last = found[-1] if found else TableRun(-1, 0, 0)
        next_table = last.table + last.entries * COARSE_SIZE
        if index == last.entry + last.entries and entry.table == next_table:
            found[-1] = last._replace(entries=last.entries + 1)
        else:
            found.append(TableRun(index, 1, entry.table))
    return found
