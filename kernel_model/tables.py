"""Editing page tables: the one place that writes descriptors.

A core reaches a table page only through its own window: a slot of an L2 table in kernel
memory, privileged-only, that every L1 holds at the same address (rule 14).  The window's
descriptor is really in guest RAM and really names the page being edited.
"""

from __future__ import annotations

from array import array

from kernel_model.abi import KERNEL_VA, WINDOW_VA, TableType
from kernel_model.descriptors import (
    AP_KERNEL_RW,
    COARSE_SIZE,
    L1_ENTRIES,
    NORMAL,
    SECTION_SIZE,
    SMALL_PAGE_SIZE,
    Coarse,
    Section,
    SmallPage,
)
from kernel_model.frame import Frame
from kernel_model.host import Host
from kernel_model.memory import PAGE_BASE, PAGE_OFFSET, PAGE_SIZE, PhysicalMemory

FIRST_KERNEL_ENTRY = KERNEL_VA >> 20


class Window:
    """One core's window: the only way in which that core edits tables."""

    def __init__(self, memory: PhysicalMemory, table: int) -> None:
        """table: pa of this core's window L2, one coarse table in kernel memory."""
        self.memory = memory
        self.table = table
        self.page = 0

    def open(self, pa: int) -> None:
        """Let the window show the page that holds ``pa``."""
        page = pa & PAGE_BASE
        if page != self.page:
            entry = SmallPage(page, AP_KERNEL_RW, 1, NORMAL)
            self.memory.write_word(self.table, entry.encode())
            self.page = page

    def write(self, pa: int, words: array[int]) -> None:
        """Store entries from ``pa`` on, page by page."""
        start = 0
        while start < len(words):
            self.open(pa)
            room = (PAGE_SIZE - (pa & PAGE_OFFSET)) >> 2
            run = words[start : start + room]
            self.memory.write_words(pa, run)
            start += len(run)
            pa += len(run) * 4


def kernel_entries(kernel_pa: int) -> array[int]:
    """The kernel's part of every L1: its memory, and the cores' windows.

    kernel_pa: physical start of kernel memory, one section.  Core 0's window table is
    ``window_table(kernel_pa)``.
    """
    words = array("I", bytes(4 * (L1_ENTRIES - FIRST_KERNEL_ENTRY)))
    words[0] = Section(kernel_pa, AP_KERNEL_RW, 0, NORMAL).encode()
    words[(WINDOW_VA >> 20) - FIRST_KERNEL_ENTRY] = Coarse(window_table(kernel_pa)).encode()
    return words


def window_table(kernel_pa: int, core: int = 0) -> int:
    """Physical address of a core's window L2."""
    return kernel_pa + core * COARSE_SIZE


class TableEditor:
    """Writes runs of entries into table frames and tells the host what that changed."""

    def __init__(self, memory: PhysicalMemory, host: Host, kernel_pa: int) -> None:
        self.memory = memory
        self.host = host
        self.kernel_pa = kernel_pa
        self.window = Window(memory, window_table(kernel_pa))

    def write(self, table: Frame, index: int, words: array[int], l1: Frame | None) -> None:
        """Put ``words`` at entry ``index`` on.  l1: the L1 through which ``table`` translates.

        l1 is ``table`` itself for an L1, and None for an L2 that hangs nowhere.
        """
        pa = table.pa + index * 4
        old = array("I", self.memory.read_words(pa, len(words)).tobytes())
        self.window.write(pa, words)
        level = 1 if table.table is TableType.L1 else 2
        self.host.descriptors_written(pa, level, old, words)
        self.host.memory_written(pa, len(words) * 4)
        if l1 is not None:
            unit = SECTION_SIZE if level == 1 else SMALL_PAGE_SIZE
            va = table.t_va + index * unit
            self.host.translation_changed(l1.pa, va, len(words) * unit, any(old))

    def clear(self, table: Frame, index: int, count: int, l1: Frame | None) -> None:
        """Empty ``count`` entries from ``index`` on."""
        self.write(table, index, array("I", bytes(4 * count)), l1)

    def start_l1(self, table: Frame) -> None:
        """Make a fresh L1 of the frame: nothing but the kernel's entries."""
        self.blank(table)
        self.write(table, FIRST_KERNEL_ENTRY, kernel_entries(self.kernel_pa), None)

    def blank(self, frame: Frame) -> None:
        """Zero a frame that becomes a table, or stops being one."""
        self.window.write(frame.pa, array("I", bytes(frame.len)))
        self.host.memory_written(frame.pa, frame.len)

    def is_empty(self, table: Frame) -> bool:
        """Whether the table holds no entry but the kernel's own."""
        count = FIRST_KERNEL_ENTRY if table.table is TableType.L1 else table.len >> 2
        return not any(self.memory.read_words(table.pa, count))
