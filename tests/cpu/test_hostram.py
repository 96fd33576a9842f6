"""Which pages of RAM are not all zeros, and that asking for them takes no memory."""

from __future__ import annotations

import mmap
import os

import pytest

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
    assert [pa for pa, _ in ram.used()] == [BASE + place for place in places]
    assert all(len(page) == PAGE and sum(page) == 1 for _, page in ram.used())


@KINDS
@pytest.mark.parametrize("length", [PAGE, 64 * PAGE])
def test_pages_that_are_zeros_again(kind: type[HostRam], length: int) -> None:
    ram = kind(BASE, SIZE)
    for at in range(0, 66 * PAGE, PAGE):
        ram.ram.write(BASE + at, b"\1")
    ram.ram.zero(BASE + PAGE, length)
    left = [at for at in range(0, 66 * PAGE, PAGE) if not PAGE <= at < PAGE + length]
    assert [pa - BASE for pa, _ in ram.used()] == left


def test_asking_makes_the_host_keep_nothing() -> None:
    ram = ManyViewsRam(BASE, SIZE)
    ram.ram.write(BASE + 7 * PAGE, b"\1")
    before = os.fstat(ram._file).st_blocks
    assert len(list(ram.used())) == 1
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
