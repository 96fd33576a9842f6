"""The windows through which cores edit page tables.

A core's window is the first page of a coarse table in kernel memory that belongs to this core,
privileged-only.  Every L1 holds the windows of all cores, each at its own address, so a core finds
its window whichever process it runs.  The window's descriptor is in guest RAM and names the page
that the core edits.  Source: docs/kernel.md, rule 14.
"""

from __future__ import annotations

from array import array
from typing import Final

from kernel_model.abi import KERNEL_VA, WINDOW_VA
from kernel_model.descriptors import (
    AP_KERNEL_RW,
    COARSE_SIZE,
    L1_ENTRIES,
    NORMAL,
    SECTION_SIZE,
    Coarse,
    Section,
    SmallPage,
)
from kernel_model.memory import PAGE_BASE, PAGE_OFFSET, PAGE_SIZE, PhysicalMemory

FIRST_KERNEL_ENTRY: Final = KERNEL_VA >> 20


def window_va(core: int) -> int:
    """Where a core's window begins, in every address space (va)."""
    return WINDOW_VA - core * SECTION_SIZE


def window_table(kernel_pa: int, core: int = 0) -> int:
    """Where the coarse table of a core's window is in kernel memory (pa)."""
    return kernel_pa + core * COARSE_SIZE


def kernel_entries(kernel_pa: int, cores: int = 1) -> array[int]:
    """The kernel's part of every L1: its memory, and the window of each core.

    kernel_pa: physical start of kernel memory, one section.
    """
    words = array("I", bytes(4 * (L1_ENTRIES - FIRST_KERNEL_ENTRY)))
    words[0] = Section(kernel_pa, AP_KERNEL_RW, 0, NORMAL).encode()
    for core in range(cores):
        entry = (window_va(core) >> 20) - FIRST_KERNEL_ENTRY
        words[entry] = Coarse(window_table(kernel_pa, core)).encode()
    return words


class Window:
    """One core's window: that core edits tables through nothing else.

    page: the page that it shows (pa); 0 until it is opened.
    """

    def __init__(self, memory: PhysicalMemory, table: int) -> None:
        """table: where this core's coarse table is (pa)."""
        self.memory = memory
        self.table = table
        self.page = 0

    def open(self, pa: int) -> None:
        """Map the page that holds ``pa`` in the window."""
        page = pa & PAGE_BASE
        if page != self.page:
            entry = SmallPage(page, AP_KERNEL_RW, 1, NORMAL)
            self.memory.write_word(self.table, entry.encode())
            self.page = page

    def zero(self, pa: int, length: int) -> None:
        """Zero whole pages, which the window shows one after another, the last one at the end.

        Nothing can be seen of the pages between, so their descriptors are not written.
        """
        self.memory.zero(pa, length)
        self.open(pa + length - PAGE_SIZE)

    def write(self, pa: int, words: array[int]) -> None:
        """Store entries from ``pa`` on, opening one page at a time."""
        start = 0
        while start < len(words):
            self.open(pa)
            room = (PAGE_SIZE - (pa & PAGE_OFFSET)) >> 2
            run = words[start : start + room]
            self.memory.write_words(pa, run)
            start += len(run)
            pa += len(run) * 4
