"""RAM as host memory that Unicorn and the kernel model share byte for byte."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from kernel_model.memory import PAGE_OFFSET, PAGE_SIZE, Ram

_LINUX = sys.platform == "linux"
"""Whether memory given back to the host reads as zeros when it is touched again."""

_WORTH_GIVING_BACK = 64 << 10
"""From this many bytes on, giving memory back is quicker than storing zeros."""


Pages = dict[int, bytes]
"""The contents of pages by their addresses (pa)."""
_ZEROS, _ZERO_PAGE = bytes(64 << 10), bytes(PAGE_SIZE)


class HostRam:
    """``size`` bytes of RAM at physical address ``base``.

    ``ram`` is what the kernel model reads and writes, ``address`` is where the same bytes lie
    in the host: no copies.  The host gives pages on first touch, so big RAM costs nothing.
    Errors: MemoryError.
    """

    def __init__(self, base: int, size: int) -> None:
        private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self._mapping = _map(-1, size, private)
        self.ram: Ram = MappedRam(base, size, self._mapping, _give_back("MADV_DONTNEED"))
        self.address = _address(self._mapping)
        self._known: Pages = {}

    def pages(self) -> Pages:
        """The pages that are not all zeros, in order of address.

        Of a page that is as it was the last time, the result has the same object, so that what has
        not changed takes no more memory.
        """
        read, known = self.ram.read, self._known
        found: Pages = {}
        for part in self._parts():
            for pa in part:
                page = read(pa, PAGE_SIZE)
                old = known.get(pa)
                if old is not None and page == old:
                    found[pa] = old
                elif page != _ZERO_PAGE:
                    found[pa] = page
        self._known = found
        return found

    def become(self, pages: Pages) -> None:
        """Have these pages and else zeros; only what is otherwise now is written."""
        self._known = pages
        ram, here = self.ram, self.pages()
        for pa in here.keys() - pages.keys():
            ram.zero(pa, PAGE_SIZE)
        for pa, page in pages.items():
            if here.get(pa) is not page:
                ram.write(pa, page)
        self._known = pages

    def _parts(self) -> Iterator[range]:
        """Ranges of pages (pa); all that is in none of them is zeros."""
        touched = _touched(self.address, self.ram.size)
        if touched is None:
            yield from self._nonzero_parts()
            return
        base = self.ram.base
        for begin, end in touched:
            yield range(base + begin, base + end, PAGE_SIZE)

    def _nonzero_parts(self) -> Iterator[range]:
        """The same by looking at everything."""
        ram = self.ram
        end = ram.base + ram.size
        for pa in range(ram.base, end, len(_ZEROS)):
            length = min(len(_ZEROS), end - pa)
            if ram.read(pa, length) != _ZEROS[:length]:
                yield range(pa, pa + length, PAGE_SIZE)


class ManyViewsRam(HostRam):
    """RAM that can be seen at several host addresses.  First touches and zeroing cost more."""

    def __init__(self, base: int, size: int) -> None:
        self._size = size
        self._file = _nameless_file()
        os.truncate(self._file, size)
        self._views = [_map(self._file, size)]
        self.ram = MappedRam(base, size, self._views[0], _give_back("MADV_REMOVE"))
        self.address = self.view(0)
        self._known = {}

    def view(self, number: int) -> int:
        """The host address of one of the views of the same bytes, by number."""
        while len(self._views) <= number:
            self._views.append(_map(self._file, self._size))
        return _address(self._views[number])

    def _parts(self) -> Iterator[range]:
        """What the host has stored: it would store the pages between, too, if they were read."""
        if not _LINUX:
            yield from self._nonzero_parts()
            return
        base, end = self.ram.base, 0
        while (begin := _seek(self._file, end, os.SEEK_DATA)) < self._size:
            end = _seek(self._file, begin, os.SEEK_HOLE)
            yield range(base + begin, base + end, PAGE_SIZE)

    def __del__(self) -> None:
        os.close(self._file)  # the mappings live on


class MappedRam(Ram):
    """RAM over a mapping, of which whole pages can be zeroed without being touched.

    advice: the ``madvise`` option that gives pages back to the host, or None if there is none.
    """

    def __init__(self, base: int, size: int, mapping: mmap.mmap, advice: int | None) -> None:
        super().__init__(base, size, memoryview(mapping))
        self._mapping = mapping
        self._advice = advice

    def zero(self, pa: int, length: int) -> None:
        if self._advice is None or length < _WORTH_GIVING_BACK or (pa | length) & PAGE_OFFSET:
            super().zero(pa, length)
        else:
            self._mapping.madvise(self._advice, self._at(pa, length), length)


_ENTRY: Final = 8
"""Bytes of pagemap for each page of the host, whose last byte has the two bits that follow."""
_TOUCHED: Final = re.compile(rb"[\x40-\xff]+")
"""Pages that are present (bit 7) or swapped out (bit 6)."""
_RUN: Final = 4096
"""Bytes of pagemap looked at together, because most of them are zeros."""


def _touched(address: int, size: int) -> list[tuple[int, int]] | None:
    """The parts of a private mapping that were ever touched, from its start; None if not known.

    The others read as zeros.  Source: proc(5), Documentation/admin-guide/mm/pagemap.rst of Linux.
    """
    if not _LINUX or mmap.PAGESIZE != PAGE_SIZE:
        return None
    with suppress(OSError):
        file = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
        try:
            entries = os.pread(file, size // PAGE_SIZE * _ENTRY, address // PAGE_SIZE * _ENTRY)
        finally:
            os.close(file)
        if len(entries) == size // PAGE_SIZE * _ENTRY:
            return list(_runs(entries))
    return None


def _runs(entries: bytes) -> Iterator[tuple[int, int]]:
    for at in range(0, len(entries), _RUN):
        some = entries[at : at + _RUN]
        if some != _ZEROS[: len(some)]:
            first = at // _ENTRY
            for run in _TOUCHED.finditer(some[_ENTRY - 1 :: _ENTRY]):
                yield (first + run.start()) * PAGE_SIZE, (first + run.end()) * PAGE_SIZE


def _map(file: int, size: int, flags: int = mmap.MAP_SHARED) -> mmap.mmap:
    """Host memory.  Errors: MemoryError."""
    try:
        return mmap.mmap(file, size, flags=flags)
    except OSError as error:
        raise MemoryError(f"{size} bytes: {error.strerror}") from error


def _give_back(advice: str) -> int | None:
    return getattr(mmap, advice) if _LINUX else None


def _address(mapping: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(mapping))


def _seek(file: int, at: int, what: int) -> int:
    """Where data or a hole begins, from ``at`` on, or the end of the file.  Source: lseek(2)."""
    try:
        return os.lseek(file, at, what)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return os.lseek(file, 0, os.SEEK_END)


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("ram")
    from tempfile import TemporaryFile

    with TemporaryFile() as file:
        return os.dup(file.fileno())
