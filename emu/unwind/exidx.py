"""The Arm exception tables, ``.ARM.exidx`` and ``.ARM.extab``: each function's instructions.

pyelftools reads these tables too (``elftools.ehabi``), but by file offset instead of by address, so
that it finds ``.ARM.extab`` only if both sections are shifted alike; it takes bit 26 for the sign
of a 31-bit offset, which is wrong from 64 MiB on; and for an entry with a personality routine it
gives neither the data nor their place.  Working around that would take more code than it saves.
Source: ARM IHI 0038, 6 (index table), 7 (extab).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable

from emu.unwind.frame import UnwindError

CANTUNWIND = 1
ReadFile = Callable[[int, int], bytes]
"""Bytes of the ELF file's contents at an address."""


class Index:
    """The index table: for each function, where its unwinding instructions are."""

    def __init__(self, exidx: bytes, va: int, read: ReadFile) -> None:
        """exidx: the section, which begins at ``va``.  read: for the rest of the tables."""
        self._read = read
        self._entries = []
        for offset, (function, entry) in enumerate(struct.iter_unpack("<2I", exidx)):
            place = va + offset * 8
            self._entries.append((prel31(place, function), place + 4, entry))
        self._starts = [function for function, _, _ in self._entries]

    def instructions(self, va: int) -> bytes | None:
        """The unwinding instructions for ``va``; None if the tables say nothing about it.

        Errors: UnwindError, when they say that this function cannot be unwound.
        """
        index = bisect_right(self._starts, va) - 1
        if index < 0:
            return None
        _, place, entry = self._entries[index]
        if entry == CANTUNWIND:
            raise UnwindError("marked as one that cannot be unwound")
        if entry >> 31:
            return _compact(entry, lambda _count: b"")
        return self._from_extab(prel31(place, entry))

    def _from_extab(self, va: int) -> bytes:
        """An entry of ``.ARM.extab``: compact, or a personality routine and its data.

        The routines of C++ and C (``__gxx_personality_v0``) begin their data with the compact
        form's instructions.
        """
        first = self._word(va)
        if first >> 31:
            return _compact(first, lambda count: self._words(va + 4, count))
        head = self._word(va + 4)
        return _bytes(head)[1:] + self._words(va + 8, head >> 24)

    def _words(self, va: int, count: int) -> bytes:
        return b"".join(_bytes(self._word(va + 4 * number)) for number in range(count))

    def _word(self, va: int) -> int:
        data = self._read(va, 4)
        if len(data) < 4:
            raise UnwindError(f"its table at {va:#010x} is not in the file")
        return int.from_bytes(data, "little")


def prel31(place: int, word: int) -> int:
    """The address that a place-relative 31-bit offset means."""
    offset = word & 0x7FFFFFFF
    return place + (offset - (1 << 31) if offset >> 30 else offset) & 0xFFFFFFFF


def _bytes(word: int) -> bytes:
    """Unwinding instructions stand in words from the most significant byte on."""
    return word.to_bytes(4, "big")


def _compact(word: int, more: Callable[[int], bytes]) -> bytes:
    """The instructions of the compact model; ``more(count)`` are the words after the first."""
    kind = word >> 24 & 0xF
    if kind == 0:
        return _bytes(word)[1:]
    if kind in (1, 2):
        return _bytes(word)[2:] + more(word >> 16 & 0xFF)
    raise UnwindError(f"its table has personality {kind}, which is reserved")
