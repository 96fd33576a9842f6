"""What one ELF file's tables say about unwinding, read when first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from emu.debuginfo.malformed import unless_malformed
from emu.unwind.cfi import CallFrames
from emu.unwind.exidx import Index

if TYPE_CHECKING:
    from emu.debuginfo import DebugFile


class UnwindTables:
    """``.debug_frame`` and ``.ARM.exidx`` of one file."""

    def __init__(self, file: DebugFile) -> None:
        self._file = file

    @cached_property
    def call_frames(self) -> CallFrames:
        """What ``.debug_frame`` says."""
        return unless_malformed(self._read_call_frames, CallFrames(None, self._file.is_code))

    def _read_call_frames(self) -> CallFrames:
        if self._file.is_oversized:
            return CallFrames(None, self._file.is_code)
        dwarf = self._file.elf.get_dwarf_info()
        return CallFrames(dwarf if dwarf.has_CFI() else None, self._file.is_code)

    @cached_property
    def index(self) -> Index | None:
        """What ``.ARM.exidx`` says; None if there is none."""
        section = self._file.section(".ARM.exidx")
        if section is None:
            return None
        return unless_malformed(lambda: Index(section.data, section.va, self._file.read), None)


def tables_of(file: DebugFile) -> UnwindTables:
    """The tables of a file, the same each time."""
    found = file.kept.get(UnwindTables)
    if found is None:
        found = file.kept[UnwindTables] = UnwindTables(file)
    assert isinstance(found, UnwindTables)
    return found
