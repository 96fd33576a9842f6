"""Damaged files give an Image or a LoadError of one line, quickly, and nothing else."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.loader import LoadError, load_elf
from kernel_model.abi import KERNEL_VA
from kernel_model.image import Image
from tests.loader.elf_writer import FILE_HEADER, PROGRAM_HEADER, Part, R, W, elf

GOOD = elf(
    Part(0x8000, bytes(range(64))),
    Part(0x10000, b"rodata", R),
    Part(0x20000, b"data", R | W, memsz=0x100),
)
HEADERS = FILE_HEADER.size + 3 * PROGRAM_HEADER.size
EDGES = (0, 1, 4, 0x20, 0x34, 0xFFF, 0x1000, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def try_to_load(data: bytes) -> Image | None:
    """The image, sound in all that the kernel relies on, or None if it was refused."""
    try:
        image = load_elf(io.BytesIO(data), "a.elf")
    except LoadError as refused:
        check_line(str(refused))
        return None
    check_image(image, len(data))
    return image


def check_line(line: str) -> None:
    assert line.startswith("a.elf: ")
    assert "\n" not in line


def check_image(image: Image, file_size: int) -> None:
    previous_end = 0x1000
    for segment in image.segments:
        assert previous_end <= segment.va < segment.end <= KERNEL_VA
        assert len(segment.data) <= segment.size
        previous_end = segment.end
    assert sum(len(segment.data) for segment in image.segments) <= file_size


def test_the_good_file_loads() -> None:
    assert try_to_load(GOOD)


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_every_shorter_file_is_refused(length: int) -> None:
    assert try_to_load(GOOD[:length]) is None


def test_every_byte_of_the_headers_in_several_values() -> None:
    for position in range(HEADERS):
        for value in (0, 1, 2, 0x7F, 0x80, 0xFF, GOOD[position] ^ 1, GOOD[position] ^ 0x80):
            try_to_load(GOOD[:position] + bytes([value]) + GOOD[position + 1 :])


def test_every_word_of_the_headers_at_its_edges() -> None:
    for position in range(0, HEADERS - 3, 2):
        for value in EDGES:
            try_to_load(GOOD[:position] + struct.pack("<I", value) + GOOD[position + 4 :])


def test_many_fields_at_once() -> None:
    chance = random.Random(1)
    loaded = 0
    for _ in range(5000):
        data = bytearray(GOOD)
        for _ in range(chance.randrange(1, 5)):
            struct.pack_into("<I", data, chance.randrange(24, HEADERS - 3, 4), chance.choice(EDGES))
        loaded += try_to_load(bytes(data)) is not None
    assert loaded


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_anything_behind_the_right_start(tail: bytes) -> None:
    try_to_load(GOOD[:20] + tail)


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=8))
@settings(max_examples=500, deadline=None)
def test_any_bytes_changed(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for position, value in changes:
        data[position] = value
    try_to_load(bytes(data))


def test_absurd_sizes_set_nothing_aside() -> None:
    huge = 0xEFFF0000
    program = elf(Part(0x8000, b"", memsz=huge - 0x8000), entry=0x8000)
    tracemalloc.start()
    for data in (program, elf(Part(0x8000, b"", filesz=huge)), elf(Part(0x8000), phnum=0xFFFF)):
        try_to_load(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
