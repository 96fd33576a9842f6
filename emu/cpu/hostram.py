"""RAM as host memory that Unicorn and the kernel model share byte for byte."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import sys
from collections.abc import Iterator

from kernel_model.memory import PAGE_OFFSET, PAGE_SIZE, Ram

_LINUX = sys.platform == "linux"
"""Whether memory given back to the host reads as zeros when it is touched again."""

_WORTH_GIVING_BACK = 64 << 10
"""From this many bytes on, giving memory back is quicker than storing zeros."""


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

    def used(self) -> Iterator[tuple[int, bytes]]:
        """The pages that are not all zeros: their addresses (pa) and contents."""
        for part in self._parts():
            for pa in part:
                page = self.ram.read(pa, PAGE_SIZE)
                if page != _ZERO_PAGE:
                    yield pa, page

    def _parts(self) -> Iterator[range]:
        """Ranges of pages (pa); all that is in none of them is zeros."""
        ram = self.ram
        end = ram.base + ram.size
        for pa in range(ram.base, end, len(_ZEROS)):
            length = min(len(_ZEROS), end - pa)
            if ram.read(pa, length) != _ZEROS[:length]:
                yield range(pa, pa + length, PAGE_SIZE)


_ZEROS, _ZERO_PAGE = bytes(64 << 10), bytes(PAGE_SIZE)


class ManyViewsRam(HostRam):
    """RAM that can be seen at several host addresses.  First touches and zeroing cost more."""

    def __init__(self, base: int, size: int) -> None:
        self._size = size
        self._file = _nameless_file()
        os.truncate(self._file, size)
        self._views = [_map(self._file, size)]
        self.ram = MappedRam(base, size, self._views[0], _give_back("MADV_REMOVE"))
        self.address = self.view(0)

    def view(self, number: int) -> int:
        """The host address of one of the views of the same bytes, by number."""
        while len(self._views) <= number:
            self._views.append(_map(self._file, self._size))
        return _address(self._views[number])

    def _parts(self) -> Iterator[range]:
        """What the host has stored: it would store the pages between, too, if they were read."""
        if not _LINUX:
            yield from super()._parts()
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
