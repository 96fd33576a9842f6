"""Regions of one address space that share some of their pages, wherever each begins and ends.

Unicorn finds translated code by the host address of its bytes, so no two regions may show it the
same bytes at the same one, which it would take for one place.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import pytest

from tests.mmu.rig import FREE, PAGE, SVC, Rig
from tests.mmu.test_fresh_code import STR_R1_AT_R0, WRITER, mov_r0

CODE, DATA = 0x10000, 0x20000
PAGES = 3
WRITER_PA = FREE + 16 * PAGE
SHARED_PA = FREE + 4 * PAGE


class Part(NamedTuple):
    """Pages ``first`` to ``last`` of what is shared."""

    first: int
    last: int


PARTS = tuple(Part(*ends) for ends in itertools.combinations(range(PAGES + 1), 2))


def describe(part: object) -> str:
    return f"{part.first}-{part.last}" if isinstance(part, Part) else str(part)


class Overlap:
    """Code and data over the same pages, at addresses as far from each other in every page."""

    def __init__(self, backend: str) -> None:
        self.rig = Rig(backend)
        self.rig.map_code(WRITER, WRITER_PA)
        self.rig.put(WRITER_PA, STR_R1_AT_R0, SVC)
        for page in range(PAGES):
            self.rig.put(SHARED_PA + page * PAGE, mov_r0(page), SVC)

    def map(self, part: Part, at: int) -> None:
        """Map a part at ``at``, page by page, so that pages become regions in every order."""
        add = self.rig.map if at == CODE else self.rig.map_data
        for page in range(*part):
            add(at + page * PAGE, SHARED_PA + page * PAGE)

    def map_both(self, code: Part, data: Part, data_first: bool) -> None:
        parts = [(code, CODE), (data, DATA)]
        for part, at in reversed(parts) if data_first else parts:
            self.map(part, at)

    def look(self) -> None:
        for page in range(PAGES):
            self.rig.backend.view(CODE + page * PAGE)
            self.rig.backend.view(DATA + page * PAGE)

    def executes(self, page: int) -> int:
        return self.rig.result(CODE + page * PAGE)

    def store(self, at: int, page: int, word: int) -> None:
        self.rig.result(WRITER, at + page * PAGE, word)


ORDER = pytest.mark.parametrize("data_first", [False, True], ids=["code first", "data first"])


@ORDER
@pytest.mark.parametrize("data", PARTS, ids=describe)
@pytest.mark.parametrize("code", PARTS, ids=describe)
def test_a_store_through_one_is_seen_by_the_other(
    code: Part, data: Part, data_first: bool, backend: str
) -> None:
    overlap = Overlap(backend)
    overlap.map_both(code, data, data_first)
    pages = range(*code)
    assert [overlap.executes(page) for page in pages] == list(pages)
    for round_ in (10, 20, 30):
        for page in range(*data):
            overlap.store(DATA, page, mov_r0(page + round_))
        stored = [page + round_ * (page in range(*data)) for page in pages]
        assert [overlap.executes(page) for page in pages] == stored


@ORDER
@pytest.mark.parametrize("data", PARTS, ids=describe)
@pytest.mark.parametrize("code", PARTS, ids=describe)
def test_code_that_is_stored_to_where_it_executes(
    code: Part, data: Part, data_first: bool, backend: str
) -> None:
    """Whatever else shows the same pages: here nobody but Unicorn notices the stores."""
    overlap = Overlap(backend)
    overlap.map_both(code, data, data_first)
    pages = range(*code)
    for round_ in (0, 10, 20, 30):
        for page in pages:
            overlap.store(CODE, page, mov_r0(page + round_))
        assert [overlap.executes(page) for page in pages] == [page + round_ for page in pages]


@pytest.mark.parametrize("data", [Part(0, 1), Part(0, 3)], ids=describe)
def test_looking_hides_no_store(data: Part, backend: str) -> None:
    """A look leaves no translation behind through which code could be stored to, or executed."""
    overlap = Overlap(backend)
    overlap.map_both(Part(0, 2), data, False)
    for round_ in (0, 10, 20, 30):
        overlap.look()
        assert [overlap.executes(page) for page in (0, 1)] == [round_, 1]
        overlap.look()
        overlap.store(DATA, 0, mov_r0(round_ + 10))
