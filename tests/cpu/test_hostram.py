"""Which pages of RAM are not all zeros, and that asking for them takes no memory."""

from __future__ import annotations

import os

import pytest

from emu.cpu.hostram import HostRam, ManyViewsRam

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
