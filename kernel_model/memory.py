"""Physical memory as the kernel sees it: words and runs of bytes by physical address."""

from __future__ import annotations

import sys
from array import array
from typing import Protocol

PAGE_SIZE = 0x1000
PAGE_OFFSET = 0xFFF
"""The bits of an address that give the offset in its page."""

PAGE_BASE = 0xFFFFF000
"""The bits of an address that give its page."""

_ZEROS = bytes(64 << 10)
"""What is stored or compared at once: no work needs host memory in proportion to a frame."""

if sys.byteorder != "little":  # pragma: no cover
    raise ImportError("the kernel model reads the guest's words in place: little-endian hosts only")


class Words(Protocol):
    """Words to read by their index, as of a ``memoryview``."""

    def __getitem__(self, index: int, /) -> int: ...


class PhysicalMemory(Protocol):
    """What the kernel needs of RAM.  Every address is physical; words are aligned.

    An address outside RAM is a mistake of the caller and raises IndexError.
    """

    @property
    def base(self) -> int:
        """Physical address of the first byte."""

    @property
    def size(self) -> int:
        """Bytes of RAM."""

    @property
    def words(self) -> Words:
        """All of RAM as 32-bit words; every walk reads it."""

    def contains(self, pa: int, length: int = 1) -> bool: ...
    def read_word(self, pa: int) -> int: ...
    def write_word(self, pa: int, word: int) -> None: ...
    def read_words(self, pa: int, count: int) -> memoryview: ...
    def write_words(self, pa: int, words: array[int]) -> None: ...
    def read(self, pa: int, length: int) -> bytes: ...
    def write(self, pa: int, data: bytes) -> None: ...
    def is_zero(self, pa: int, length: int) -> bool: ...
    def zero(self, pa: int, length: int) -> None: ...


class Ram:
    """RAM over any writable buffer: a ``bytearray`` in tests, a host mapping in the machine."""

    def __init__(self, base: int, size: int, buffer: memoryview | None = None) -> None:
        self.base = base
        self.size = size
        self.bytes = memoryview(bytearray(size)) if buffer is None else buffer
        self.words = self.bytes.cast("B").cast("I")
        if len(self.bytes) != size or (base | size) & PAGE_OFFSET:
            raise ValueError(f"Ram: {size:#x} bytes at {base:#x} over {len(self.bytes):#x}")

    def contains(self, pa: int, length: int = 1) -> bool:
        """Whether all of ``length`` bytes at ``pa`` are RAM."""
        return self.base <= pa and pa + length <= self.base + self.size

    def _at(self, pa: int, length: int) -> int:
        offset = pa - self.base
        if offset < 0 or offset + length > self.size:
            raise IndexError(f"Ram: {length:#x} bytes at {pa:#x} are not RAM")
        return offset

    def read_word(self, pa: int) -> int:
        return self.words[self._at(pa, 4) >> 2]

    def write_word(self, pa: int, word: int) -> None:
        self.words[self._at(pa, 4) >> 2] = word

    def read_words(self, pa: int, count: int) -> memoryview:
        """``count`` words at ``pa``: a view, in which later writes show."""
        start = self._at(pa, count * 4) >> 2
        return self.words[start : start + count]

    def write_words(self, pa: int, words: array[int]) -> None:
        start = self._at(pa, len(words) * 4) >> 2
        self.words[start : start + len(words)] = words

    def read(self, pa: int, length: int) -> bytes:
        start = self._at(pa, length)
        return bytes(self.bytes[start : start + length])

    def write(self, pa: int, data: bytes) -> None:
        start = pa - self.base
        end = start + len(data)
        if start < 0 or end > self.size:
            self._at(pa, len(data))
        self.bytes[start:end] = data

    def is_zero(self, pa: int, length: int) -> bool:
        """Whether all of ``length`` bytes at ``pa`` are 0, without a copy of them."""
        start = self._at(pa, length)
        for at in range(start, start + length, len(_ZEROS)):
            part = bytes(self.bytes[at : min(at + len(_ZEROS), start + length)])
            if part != _ZEROS[: len(part)]:
                return False
        return True

    def zero(self, pa: int, length: int) -> None:
        start = self._at(pa, length)
        for at in range(start, start + length, len(_ZEROS)):
            end = min(at + len(_ZEROS), start + length)
            self.bytes[at:end] = _ZEROS[: end - at]
