"""Editing page tables: the only place that writes descriptors, through a core's window."""

from __future__ import annotations

from array import array
from collections.abc import Callable

from kernel_model.abi import TableType
from kernel_model.charges import ENTRY, pages
from kernel_model.descriptors import SECTION_SIZE, SMALL_PAGE_SIZE
from kernel_model.events import DescriptorsWritten, Event, MemoryWritten, TranslationChanged
from kernel_model.frame import Frame
from kernel_model.memory import PhysicalMemory
from kernel_model.window import FIRST_KERNEL_ENTRY, Window, kernel_entries, window_table


class TableEditor:
    """Writes runs of entries into table frames, and tells the host what changed.

    windows: one for each core.  window: that of the core that the kernel was entered from.
    """

    def __init__(
        self,
        memory: PhysicalMemory,
        tell: Callable[[Event], None],
        kernel_pa: int,
        cores: int = 1,
        charge: Callable[[int], None] = lambda _work: None,
    ) -> None:
        """tell: receives each event.  kernel_pa: where kernel memory begins.

        charge: receives what the call under way is charged for each piece of work.
        """
        self.memory = memory
        self.tell = tell
        self.charge = charge
        self.kernel_pa = kernel_pa
        self.windows = [Window(memory, window_table(kernel_pa, core)) for core in range(cores)]
        self.window = self.windows[0]

    def write(self, table: Frame, index: int, words: array[int], l1: Frame | None) -> None:
        """Write ``words`` to the entries from ``index`` on.

        l1: the L1 through which the table translates: ``table`` itself if it is an L1, None if it
        is an L2 that is installed nowhere.
        """
        pa = table.pa + index * 4
        old = array("I", self.memory.read_words(pa, len(words)).tobytes())
        self.window.write(pa, words)
        self.charge(len(words) * ENTRY)
        level = 1 if table.table is TableType.L1 else 2
        self.tell(DescriptorsWritten(pa, level, old, words))
        if l1 is not None:
            unit = SECTION_SIZE if level == 1 else SMALL_PAGE_SIZE
            va = table.t_va + index * unit
            self.tell(TranslationChanged(l1.pa, va, len(words) * unit, any(old)))

    def clear(self, table: Frame, index: int, count: int, l1: Frame | None) -> None:
        """Empty ``count`` entries from ``index`` on."""
        self.write(table, index, array("I", bytes(4 * count)), l1)

    def start_l1(self, table: Frame) -> None:
        """Make a new L1 of the frame, with the kernel's entries alone."""
        self.blank(table)
        entries = kernel_entries(self.kernel_pa, len(self.windows))
        self.write(table, FIRST_KERNEL_ENTRY, entries, None)

    def blank(self, frame: Frame) -> None:
        """Zero a frame that becomes a table or stops being one."""
        self.window.zero(frame.pa, frame.len)
        self.charge(pages(frame.len))
        self.tell(MemoryWritten(frame.pa, frame.len))

    def is_empty(self, table: Frame) -> bool:
        """Whether the table has no entries apart from the kernel's.

        A table holds the entries of its views and its installed tables, and no others.
        """
        return not table.views and not table.installed
