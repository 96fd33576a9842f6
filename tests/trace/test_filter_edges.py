"""A filter at the edges of its ranges, and code read at the edges of memory."""

from __future__ import annotations

import pytest

from emu.execution.code import Code
from emu.trace.filters import Filter
from tests.kernel.driver import CODE_VA, DATA_VA, FREE_VA, PAGE, REST, RW, SYS
from tests.machine.rig import Guest

START, END = 0x1000, 0x1010
RANGE = Filter(ranges=[(START, END)])
FUNCTION = Filter(functions=[(START, END)])


@pytest.mark.parametrize(
    ("va", "wanted"), [(START - 1, False), (START, True), (END - 1, True), (END, False)]
)
def test_an_instruction_is_in_a_range_or_not(va: int, wanted: bool) -> None:
    for one in (RANGE, FUNCTION):
        assert one.wants_code(va) is wanted
        assert one.wants_fault(va, -1) is wanted
    assert FUNCTION.wants_access(va, 0, 4) is wanted
    assert RANGE.wants_fault(0, va) is wanted


@pytest.mark.parametrize(
    ("va", "length", "wanted"),
    [
        (START - 4, 4, False), (START - 4, 5, True), (START, 1, True), (END - 1, 4, True),
        (END, 4, False), (0, 0x10000, True),
    ],
)  # fmt: skip
def test_an_access_or_a_mapping_touches_a_range_or_not(va: int, length: int, wanted: bool) -> None:
    assert RANGE.wants_access(0, va, length) is wanted
    assert RANGE.wants_mapping(va, length) is wanted


def test_what_translates_nothing_is_kept_unless_a_range_is_asked_for() -> None:
    assert Filter().wants_mapping(-1, 0) is True
    assert FUNCTION.wants_mapping(-1, 0) is True
    assert RANGE.wants_mapping(-1, 0) is False
    assert [one.by_address for one in (Filter(), Filter([1]), RANGE, FUNCTION)] == [
        False, False, True, True,
    ]  # fmt: skip


def test_nothing_asked_for_keeps_all() -> None:
    everything = Filter()
    assert everything.wants(7)
    assert everything.wants_code(0)
    assert everything.wants_access(0, 0, 1)
    assert everything.wants_fault(0, -1)
    assert Filter([1, 2]).wants(2)
    assert not Filter([1, 2]).wants(3)


# Code


@pytest.fixture
def code() -> Code:
    """Of a machine that has some page of RAM at FREE_VA, and the last one behind it."""
    guest = Guest("nop\n nop\n exit 0")
    last = guest.ok("frame_split", REST, guest.info(REST).len - PAGE)
    guest.take()  # what is between them
    other = guest.take()
    guest.ok("frame_map", SYS, other, FREE_VA, RW)
    guest.ok("frame_map", SYS, last, FREE_VA + PAGE, RW)
    guest.put(FREE_VA + PAGE - 4, 0x11111111, 0x22222222)
    guest.put(FREE_VA + 2 * PAGE - 4, 0x33333333)
    guest.machine.step()
    return Code.of(guest.machine)


def test_code_in_one_piece_has_a_place(code: Code) -> None:
    ram = code.end - code.base
    assert code.offset(FREE_VA + PAGE, PAGE) == ram - PAGE
    assert code.offset(FREE_VA + 2 * PAGE - 4, 4) == ram - 4
    assert code.offset(FREE_VA + 2 * PAGE - 4, 5) == -1
    assert code.offset(DATA_VA, 2 * PAGE) == code.offset(DATA_VA, 4) >= 0  # of one frame
    assert code.offset(0, 4) == -1


def test_code_across_two_places_has_none_but_can_be_read(code: Code) -> None:
    at = FREE_VA + PAGE - 2
    assert code.offset(at, 2) >= 0
    assert code.offset(at, 4) == -1
    assert code.read(at, 4) == b"\x11\x11\x22\x22"


def test_as_much_is_read_as_there_is(code: Code) -> None:
    assert code.read(FREE_VA + 2 * PAGE - 4, 16) == b"\x33" * 4
    assert code.read(0, 4) == b""
    assert code.read(CODE_VA, 0) == b""


def test_without_files_nothing_has_a_name(code: Code) -> None:
    assert code.file(CODE_VA, code.read(CODE_VA, 4)) is None
    assert code.symbol(CODE_VA) == ""


def test_the_first_bytes_of_ram_are_a_place_too() -> None:
    """Offset 0 is one as good as any."""
    code = Code.of(Guest("exit 0").machine)
    places = {code.base: 0, code.base - 1: -1, code.end - 4: code.end - code.base - 4, code.end: -1}
    for pa, expected in places.items():
        code._physical = lambda _va, pa=pa: pa  # type: ignore[misc]
        assert code.offset(0, 4) == expected
    code._physical = lambda _va: code.base
    assert len(code.read(0, 4)) == 4
