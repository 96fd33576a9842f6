"""Which pages of RAM are not all zeros, and that asking for them takes no memory."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from typing import Any

import pytest

from emu.cpu import hostram
from emu.cpu.hostram import HostRam, ManyViewsRam, MappedRam

BASE, PAGE = 0x80000000, 0x1000
SIZE = (1 << 20) + 3 * PAGE
"""No whole number of the parts that are looked through at once."""

KINDS = pytest.mark.parametrize("kind", [HostRam, ManyViewsRam])


@KINDS
@pytest.mark.parametrize("places", [(), (0,), (SIZE - PAGE,), (0, 5 * PAGE, 1 << 19, SIZE - PAGE)])
def test_pages_that_are_not_zeros(kind: type[HostRam], places: tuple[int, ...]) -> None:
    ram = kind(BASE, SIZE)
    for place in places:
        ram.ram.write(BASE + place + place % 4093, b"\1")
    assert list(ram.pages()) == [BASE + place for place in places]
    assert all(len(page) == PAGE and sum(page) == 1 for page in ram.pages().values())


@KINDS
@pytest.mark.parametrize("length", [PAGE, 64 * PAGE])
def test_pages_that_are_zeros_again(kind: type[HostRam], length: int) -> None:
    ram = kind(BASE, SIZE)
    for at in range(0, 66 * PAGE, PAGE):
        ram.ram.write(BASE + at, b"\1")
    ram.ram.zero(BASE + PAGE, length)
    left = [at for at in range(0, 66 * PAGE, PAGE) if not PAGE <= at < PAGE + length]
    assert [pa - BASE for pa in ram.pages()] == left


def test_asking_makes_the_host_keep_nothing() -> None:
    ram = ManyViewsRam(BASE, SIZE)
    ram.ram.write(BASE + 7 * PAGE, b"\1")
    before = os.fstat(ram._file).st_blocks
    assert len(ram.pages()) == 1
    assert os.fstat(ram._file).st_blocks == before


# Zeroing


WORTH = 64 << 10


class Mapping(mmap.mmap):
    """A mapping that tells what it was advised."""

    advised: list[tuple[int, int]]

    def madvise(self, option: int, start: int = 0, length: int = 0, /) -> None:
        self.advised.append((start, length))
        super().madvise(option, start, length)


def mapped(advice: int | None) -> tuple[MappedRam, Mapping]:
    mapping = Mapping(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    mapping.advised = []
    ram = MappedRam(BASE, SIZE, mapping, advice)
    ram.bytes[:] = b"\1" * SIZE
    return ram, mapping


DONTNEED = getattr(mmap, "MADV_DONTNEED", None)


@pytest.mark.parametrize(
    ("at", "length", "gives_back"),
    [
        (PAGE, WORTH, True),
        (PAGE, WORTH + PAGE, True),
        (0, SIZE, True),
        (PAGE, WORTH - PAGE, False),
        (PAGE + 1, WORTH, False),
        (PAGE, WORTH + 1, False),
        (PAGE + 4, WORTH + 4, False),
    ],
)
@pytest.mark.parametrize("advice", [DONTNEED, None])
def test_exactly_these_bytes_are_zeros(
    at: int, length: int, gives_back: bool, advice: int | None
) -> None:
    """Whole pages go back to the host, from 64 KiB on and where it takes them, and nothing else."""
    ram, mapping = mapped(advice)
    ram.zero(BASE + at, length)
    after = b"\1" * at + bytes(length) + b"\1" * (SIZE - at - length)
    assert bytes(ram.bytes) == after
    assert mapping.advised == ([(at, length)] if gives_back and advice is not None else [])


@KINDS
def test_pages_that_are_as_they_were_are_shared(kind: type[HostRam]) -> None:
    ram = kind(BASE, SIZE)
    for place in range(0, SIZE, 7 * PAGE):
        ram.ram.write_word(BASE + place, place + 1)
    before = ram.pages()
    changed, cleared = BASE + 7 * PAGE, BASE + 14 * PAGE
    ram.ram.write_word(changed, 5)
    ram.ram.write_word(cleared, 0)
    after = ram.pages()
    assert [pa for pa in before if after.get(pa) is not before[pa]] == [changed, cleared]
    assert after.keys() == before.keys() - {cleared}
    assert after == ram.pages()


@KINDS
def test_becoming_what_it_was_writes_what_is_otherwise(
    kind: type[HostRam], monkeypatch: pytest.MonkeyPatch
) -> None:
    ram = kind(BASE, SIZE)
    for place in range(0, SIZE, 7 * PAGE):
        ram.ram.write_word(BASE + place, place + 1)
    before = ram.pages()
    written: list[int] = []
    ram.ram.write_word(BASE + 7 * PAGE, 5)
    ram.ram.write_word(BASE + 14 * PAGE, 0)
    ram.ram.write_word(BASE + 15 * PAGE, 9)
    write, zero = ram.ram.write, ram.ram.zero

    def noting(do: Callable[[int, Any], None]) -> Callable[[int, Any], None]:
        return lambda pa, what: (written.append(pa), do(pa, what))[1]

    monkeypatch.setattr(ram.ram, "write", noting(write))
    monkeypatch.setattr(ram.ram, "zero", noting(zero))
    ram.become(before)
    assert sorted(written) == [BASE + number * PAGE for number in (7, 14, 15)]
    assert ram.pages() == before
    other = kind(BASE, SIZE)
    other.become(before)
    assert other.pages() == before


def test_without_the_host_s_word_all_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    ram = HostRam(BASE, SIZE)
    for place in (0, 5 * PAGE, SIZE - PAGE):
        ram.ram.write_word(BASE + place, 7)
    told = ram.pages()
    monkeypatch.setattr(hostram, "_LINUX", False)
    assert list(ram.pages()) == list(told) == [BASE, BASE + 5 * PAGE, BASE + SIZE - PAGE]
