"""All that tables map, as runs, against the walk of one address after the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_model.descriptors import (
    COARSE_SIZE,
    DEVICE,
    NORMAL,
    SECTION_SIZE,
    SMALL_PAGE_SIZE,
    Coarse,
    LargePage,
    Leaf,
    Section,
    SmallPage,
    Supersection,
)
from kernel_model.memory import Ram
from kernel_model.walk import Mapped, mapped, walk

BASE = 0x80000000
TTBR0 = BASE
TABLES = BASE + 0x4000
RW, RO = 0b011, 0b010
MIB = SECTION_SIZE


@pytest.fixture
def ram() -> Ram:
    return Ram(BASE, 0x8000)


def put_l1(ram: Ram, index: int, entry: Leaf | Coarse) -> None:
    ram.write_word(TTBR0 + index * 4, entry.encode())


def put_l2(ram: Ram, index: int, entry: Leaf, table: int = TABLES) -> None:
    ram.write_word(table + index * 4, entry.encode())


def page(pa: int, ap: int = RW) -> SmallPage:
    return SmallPage(pa, ap, 0, NORMAL)


def shown(runs: list[Mapped]) -> list[tuple[int, int, int, str]]:
    return [(run.va, run.size, run.pa, run.kind) for run in runs]


def test_nothing(ram) -> None:
    assert mapped(ram, TTBR0) == []


@pytest.mark.parametrize("ttbr0", [0, BASE + 0x4000 + 0x2000, BASE - 0x4000])
def test_an_l1_that_is_not_all_in_ram_maps_nothing(ram, ttbr0) -> None:
    put_l1(ram, 0, Section(0, RW, 0, NORMAL))
    assert mapped(ram, ttbr0) == []


def test_everything_that_is_said_of_a_run(ram) -> None:
    put_l1(ram, 3, Section(0x10000000, RO, 1, DEVICE))
    found = Mapped(3 * MIB, MIB, 0x10000000, 1, 3, "section", DEVICE.name)
    assert mapped(ram, TTBR0) == [found]
    assert (found.va, found.end) == (3 * MIB, 4 * MIB)


def test_neighbours_that_go_on_are_one_run(ram) -> None:
    for number in range(3):
        put_l1(ram, number, Section(0x20000000 + number * MIB, RW, 0, NORMAL))
    put_l1(ram, 3, Section(0x30000000, RW, 0, NORMAL))
    put_l1(ram, 5, Section(0x30200000, RW, 0, NORMAL))
    put_l1(ram, 6, Section(0x30300000, RO, 0, NORMAL))
    assert shown(mapped(ram, TTBR0)) == [
        (0, 3 * MIB, 0x20000000, "section"),
        (3 * MIB, MIB, 0x30000000, "section"),
        (5 * MIB, MIB, 0x30200000, "section"),
        (6 * MIB, MIB, 0x30300000, "section"),
    ]


def test_pages_of_neighbouring_tables_are_one_run(ram) -> None:
    put_l1(ram, 7, Coarse(TABLES))
    put_l1(ram, 8, Coarse(TABLES + COARSE_SIZE))
    put_l2(ram, 255, page(0x1000))
    put_l2(ram, 0, page(0x2000), TABLES + COARSE_SIZE)
    put_l2(ram, 1, page(0x4000), TABLES + COARSE_SIZE)
    at = 8 * MIB - 0x1000
    assert shown(mapped(ram, TTBR0)) == [
        (at, 0x2000, 0x1000, "small page"),
        (at + 0x2000, 0x1000, 0x4000, "small page"),
    ]


def test_a_part_of_the_address_space(ram) -> None:
    """From within a section to within a table's run of pages."""
    put_l1(ram, 1, Section(0x20000000, RW, 0, NORMAL))
    put_l1(ram, 2, Coarse(TABLES))
    for number in range(256):
        put_l2(ram, number, page(0x40000000 + number * SMALL_PAGE_SIZE))
    runs = mapped(ram, TTBR0, MIB + 0x3000, 2 * MIB + 0x5000)
    assert shown(runs) == [
        (MIB + 0x3000, MIB - 0x3000, 0x20003000, "section"),
        (2 * MIB, 0x5000, 0x40000000, "small page"),
    ]
    assert shown(mapped(ram, TTBR0, 2 * MIB + 0x4000, 3 * MIB)) == [
        (2 * MIB + 0x4000, MIB - 0x4000, 0x40004000, "small page")
    ]


def test_the_last_page_and_a_table_that_is_not_in_ram(ram) -> None:
    put_l1(ram, 0xFFE, Coarse(0x1000))
    put_l1(ram, 0xFFF, Coarse(TABLES))
    put_l2(ram, 255, page(0x5000))
    assert shown(mapped(ram, TTBR0)) == [(0xFFFFF000, 0x1000, 0x5000, "small page")]


def test_what_lies_behind_the_part_is_not_of_it(ram) -> None:
    put_l1(ram, 8, Section(0x20000000, RW, 0, NORMAL))
    put_l1(ram, 9, Section(0x30000000, RW, 0, NORMAL))
    put_l1(ram, 17, Section(0x40000000, RW, 0, NORMAL))
    assert shown(mapped(ram, TTBR0, 8 * MIB, 9 * MIB)) == [(8 * MIB, MIB, 0x20000000, "section")]
    assert shown(mapped(ram, TTBR0, 9 * MIB, 10 * MIB)) == [(9 * MIB, MIB, 0x30000000, "section")]


def test_an_l1_at_the_very_end_of_ram() -> None:
    ram = Ram(BASE, 0x4000)
    put_l1(ram, 4, Section(0x20000000, RW, 0, NORMAL))
    assert shown(mapped(ram, TTBR0)) == [(4 * MIB, MIB, 0x20000000, "section")]


ENTRIES = st.one_of(
    st.builds(Section, st.sampled_from([0, MIB, 2 * MIB]), st.sampled_from([RO, RW]), st.just(0),
              st.just(NORMAL)),
    st.just(Supersection(0, RW, 0, NORMAL)),
    st.builds(Coarse, st.sampled_from([TABLES, TABLES + COARSE_SIZE, 0])),
)  # fmt: skip
PAGES = st.one_of(
    st.builds(page, st.sampled_from([0, 0x1000, 0x2000, 0x3000]), st.sampled_from([RO, RW])),
    st.just(LargePage(0x10000, RW, 0, NORMAL)),
)


@given(
    st.dictionaries(st.integers(0, 3), ENTRIES),
    st.dictionaries(st.integers(0, 5), PAGES),
    st.dictionaries(st.integers(250, 255), PAGES),
)
def test_runs_are_what_the_walk_finds(l1, low, high) -> None:
    ram = Ram(BASE, 0x8000)
    for index, entry in l1.items():
        put_l1(ram, index, entry)
    for index, entry in low.items():
        put_l2(ram, index, entry)
    for index, entry in high.items():
        put_l2(ram, index, entry, TABLES + COARSE_SIZE)
    runs = mapped(ram, TTBR0, 0, 4 * MIB)
    pages = {}
    for run in runs:
        for at in range(0, run.size, SMALL_PAGE_SIZE):
            assert run.va + at not in pages
            pages[run.va + at] = run.pa + at, run.user, run.kernel
    walks = [walk(ram, TTBR0, va) for va in range(0, 4 * MIB, SMALL_PAGE_SIZE)]
    assert pages == {one.va: (one.pa, one.user, one.kernel) for one in walks if one.fault is None}
