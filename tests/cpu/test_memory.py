"""RAM as user mode sees it: the walk in C is the walk, whatever the tables hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu import native
from emu.cpu.memory import PythonMemory, make_memory
from emu.mmu import make_ram
from kernel_model.descriptors import EXEC, NORMAL, READ, WRITE, Coarse, SmallPage
from kernel_model.walk import reached, walk

BASE, SIZE = 0x80000000, 0x100000
L1, L2 = BASE + 0x4000, BASE + 0x8000
PAGE = 0x1000

# Words that lead somewhere now and then: to tables and pages that are there, or nearly.
places = st.integers(BASE - 0x2000, BASE + SIZE + 0x2000)
bits = st.integers(0, 0xFFF)
low = st.builds(lambda place, flags: place & 0xFFFFF000 | flags, places, bits)
words = st.one_of(st.integers(0, 0xFFFFFFFF), low)
coarse = st.builds(lambda flags: L2 | flags & ~3 & 0x3FF | 1, bits)


@pytest.fixture(scope="module")
def host():
    return make_ram("tlb", BASE, SIZE)


@given(first=st.one_of(words, coarse), second=words, va=st.integers(0, 0xFFFFFFFF))
def test_every_descriptor_means_the_same_to_all_walks(host, first, second, va):
    host.ram.write_word(L1 + (va >> 20) * 4, first)
    host.ram.write_word(L2 + (va >> 12 & 0xFF) * 4, second)
    found = walk(host.ram, L1, va)
    for access in (READ, WRITE, EXEC, READ | WRITE):
        expected = found.pa if found.refusal(access) is None else -1
        assert reached(host.ram, L1, va, access) == expected
    twin = PythonMemory(host)
    twin.use(L1)
    there = found.user and host.ram.contains(found.pa & ~0xFFF, PAGE)
    assert twin.translate(va) == ((found.pa, found.user) if there else (-1, 0))
    assert twin.physical(va) == (found.pa if there else -1)
    if native.hooks is not None:
        memory = native.hooks.Memory(host.address, BASE, SIZE)
        memory.use(L1)
        assert memory.translate(va) == twin.translate(va)
        assert memory.physical(va) == twin.physical(va)


RUNS = [(0x7FF0, 32), (0x8000, 0), (0x8ABC, 0x1544), (0xAFFF, 1), (0xB000, 1), (0xAFFF, 2)]


@pytest.mark.parametrize(("va", "length"), [*RUNS, (0x8000, SIZE + 1), (0xFFFFFFFF, 2)])
@pytest.mark.parametrize("make", [make_memory, PythonMemory])
def test_runs_of_bytes_are_read_where_all_of_them_are_ram(host, make, va, length):
    """Three pages at 0x8000, each elsewhere in RAM, and nothing on either side."""
    host.ram.zero(BASE, SIZE)
    memory = make(host)
    host.ram.write_word(L1, Coarse(L2).encode())
    pages = [BASE + 0x12000, BASE + 0x10000, BASE + 0x13000]
    for number, pa in enumerate(pages):
        host.ram.write_word(L2 + (8 + number) * 4, SmallPage(pa, 0b010, 1, NORMAL).encode())
        host.ram.write(pa, bytes(range(number, number + 128)) * 32)
    memory.use(L1)
    whole = b"".join(host.ram.read(pa, PAGE) for pa in pages)
    inside = va >= 0x8000 and va + length <= 0xB000
    assert memory.bytes_at(va, length) == (whole[va - 0x8000 :][:length] if inside else None)


@pytest.mark.parametrize("make", [make_memory, PythonMemory])
def test_a_place_is_in_one_page_to_which_user_mode_may_store(host, make):
    host.ram.zero(BASE, SIZE)
    memory = make(host)
    host.ram.write_word(L1, Coarse(L2).encode())
    for number, ap in ((8, 0b011), (9, 0b010), (10, 0b001)):
        host.ram.write_word(L2 + number * 4, SmallPage(BASE + 0x12000, ap, 1, NORMAL).encode())
    host.ram.write_word(L2 + 11 * 4, SmallPage(BASE + SIZE, 0b011, 1, NORMAL).encode())
    memory.use(L1)
    assert memory.place(0x8ABC, 4) == BASE + 0x12ABC
    assert memory.place(0x8FFF, 1) == BASE + 0x12FFF
    assert memory.place(0x8000, PAGE) == BASE + 0x12000
    nowhere = ((0x8000, 0), (0x8FFF, 2), (0x9000, 1), (0xA000, 1), (0xB000, 1), (0xC000, 1))
    assert {memory.place(va, length) for va, length in nowhere} == {-1}
    assert memory.place(0x8000, 1 << 32) == memory.place(0xFFFFFFFF, 1) == -1


@pytest.mark.parametrize("l1", [-1, BASE + SIZE - 0x2000, BASE + SIZE, BASE - 0x4000])
def test_tables_that_are_not_in_ram_map_nothing(host, l1):
    memory = make_memory(host)
    memory.use(l1)
    assert [memory.physical(va) for va in (0, 0x80000000, 0xFFFFFFFF)] == [-1] * 3


@pytest.mark.parametrize("make", [make_memory, PythonMemory])
def test_what_was_found_is_kept_until_it_is_forgotten(host, make):
    memory = make(host)
    host.ram.write_word(L1, L2 | 1)
    host.ram.write_word(L2 + 8 * 4, BASE + 0x10000 | 0x32)
    memory.use(L1)
    assert memory.physical(0x8004) == BASE + 0x10004
    host.ram.write_word(L2 + 8 * 4, BASE + 0x11000 | 0x32)
    memory.forget()
    assert memory.physical(0x8004) == BASE + 0x11004
    host.ram.write_word(L2 + 8 * 4, 0)
    memory.use(L1)
    assert memory.physical(0x8004) == -1
    host.ram.write_word(L2 + 8 * 4, BASE + 0x10000 | 0x32)
    assert memory.physical(0x8004) == BASE + 0x10004, "that there is nothing is not kept"
