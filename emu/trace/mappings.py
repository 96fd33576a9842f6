"""The trace of mappings: each table entry that changed, as runs of entries that changed alike."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from emu.machine.observers import Observer
from emu.trace.events import Descriptors
from emu.trace.recorder import Recorder
from kernel_model.abi import NO_ID, TableType
from kernel_model.descriptors import (
    SECTION_SIZE,
    SMALL_PAGE_SIZE,
    Coarse,
    Invalid,
    LargePage,
    Section,
    SmallPage,
    Supersection,
)
from kernel_model.events import DescriptorsWritten
from kernel_model.frame import Frame
from kernel_model.walk import Step

_COARSE_SPAN = 0x400


class MapTracer(Observer):
    """Emits ``Descriptors`` for what the kernel writes into tables."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def descriptors_written(self, event: DescriptorsWritten) -> None:
        pa, level, old, new = event
        recorder = self.recorder
        pid = recorder.pid
        if not recorder.filter.wants(pid):
            return
        table = recorder.kernel.frame_at(pa)
        unit = SECTION_SIZE if level == 1 else SMALL_PAGE_SIZE
        for start, count in _runs(level, old, new):
            index = start + ((pa - table.pa) // 4 if table else 0)
            va = self._va(table, index * unit)
            if recorder.filter.wants_mapping(va, count * unit):
                line = Descriptors(
                    recorder.time, pid, level, table.f_id if table else NO_ID, index, count, va,
                    old[start], new[start],
                    self._named(level, old[start]), self._named(level, new[start]),
                )  # fmt: skip
                recorder.emit(line)

    def _va(self, table: Frame | None, offset: int) -> int:
        """Where a table's entry at ``offset`` bytes of addresses translates, or -1."""
        if table is None:
            return -1
        if table.table is TableType.L1:
            return offset
        return table.t_va + offset if table.is_installed else -1

    def _named(self, level: int, word: int) -> int:
        """The frame that an entry names, or NO_ID."""
        entry = Step(level, 0, 0, word).entry
        if isinstance(entry, Invalid):
            return NO_ID
        pa = entry.table if isinstance(entry, Coarse) else entry.base
        frame = self.recorder.kernel.frame_at(pa)
        return NO_ID if frame is None else frame.f_id


def _runs(level: int, old: array[int], new: array[int]) -> Iterator[tuple[int, int]]:
    """(start, count) of the runs of changed entries, each following from the one before."""
    start = 0
    while start < len(new):
        if old[start] == new[start]:
            start += 1
            continue
        count = 1
        while start + count < len(new) and (
            old[start + count] != new[start + count]
            and _follows(level, old[start], old[start + count], count)
            and _follows(level, new[start], new[start + count], count)
        ):
            count += 1
        yield start, count
        start += count


def _follows(level: int, first: int, word: int, distance: int) -> bool:
    """Whether ``word`` continues what ``first``, ``distance`` entries before it, began."""
    return word == first + distance * _step(level, first)


def _step(level: int, word: int) -> int:
    """What the next entry of the same view or table differs by."""
    entry = Step(level, 0, 0, word).entry
    if isinstance(entry, Coarse):
        return _COARSE_SPAN
    if isinstance(entry, Section | SmallPage):
        return entry.size
    assert isinstance(entry, Invalid | LargePage | Supersection)
    return 0  # these repeat
