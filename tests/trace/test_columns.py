"""Many accesses written at once are written as one by one, in every format."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.trace.columns import Columns
from emu.trace.events import AccessEvent
from emu.trace.jsonl import JsonLinesFormat
from emu.trace.recorder import Format
from emu.trace.text import TextFormat

WORDS = st.integers(0, 0xFFFFFFFF)
SIZES = (1, 2, 4, 8)


def access(time: int, pc: int, is_write: bool, va: int, pa: int, size: int) -> AccessEvent:
    value = (time * 0x9E3779B97F4A7C15 ^ va) & (1 << 8 * size) - 1
    return AccessEvent(time, 7, pc, is_write, va, pa, size, value)


ACCESSES = st.builds(
    access, st.integers(0, 1 << 40), WORDS, st.booleans(), WORDS, WORDS, st.sampled_from(SIZES)
)


def gathered(events: list[AccessEvent]) -> Columns:
    """As the hooks in C gather them."""
    return Columns(
        array("Q", [one.time for one in events]),
        array("Q", [one.pc | (one.is_write << 8 | one.size) << 32 for one in events]),
        array("Q", [one.value for one in events]),
        array("I", [one.va for one in events]),
        array("I", [one.pa for one in events]),
    )


@pytest.mark.parametrize("format_", [TextFormat(), JsonLinesFormat()], ids=["text", "jsonl"])
@given(events=st.lists(ACCESSES, max_size=5))
def test_accesses_are_written_as_one_by_one(format_: Format, events: list[AccessEvent]) -> None:
    one_by_one = "".join(map(format_.event, events))
    assert format_.accesses(7, gathered(events)) == one_by_one
