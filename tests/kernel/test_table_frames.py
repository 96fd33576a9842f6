"""Rule 6: frames become tables, and tables memory again."""

from __future__ import annotations

import pytest

from kernel_model.abi import Error, TableType
from kernel_model.tables import kernel_entries
from tests.kernel.driver import (
    AREA,
    CODE,
    DATA,
    FREE_VA,
    L1,
    LOW,
    MIB,
    PAGE,
    PAGE_KIND,
    RAM_BASE,
    RO,
    RW,
    RX,
    SECTION,
    STACK,
    SYS,
    TABLE_L2,
    UART,
    Machine,
)

NO, LEVEL1, LEVEL2 = TableType.NO, TableType.L1, TableType.L2
NOBODYS = 999
KERNEL_WORDS = kernel_entries(RAM_BASE).tolist()
FIRST_KERNEL_WORD = 0xF00


def dirty(machine: Machine, f_id: int) -> None:
    """Fill a frame with what must not be left in a table."""
    frame = machine.kernel.frames[f_id]
    machine.ram.write(frame.pa, b"\xff" * frame.len)


def frame_words(machine: Machine, f_id: int) -> list[int]:
    frame = machine.kernel.frames[f_id]
    return machine.ram.read_words(frame.pa, frame.len // 4).tolist()


def viewed(machine: Machine, pages: int, flags: int = RO, align: int = PAGE) -> int:
    f_id = machine.take(pages, align)
    machine.view(f_id, FREE_VA, flags)
    dirty(machine, f_id)
    return f_id


# -- L2 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pages", [1, 2, 3, 16])
def test_an_l2_is_whole_pages_and_starts_zeroed(machine, pages):
    f_id = viewed(machine, pages)
    assert machine.ok("frame_table", f_id, LEVEL2) == 0
    assert frame_words(machine, f_id) == [0] * (1024 * pages)
    assert machine.info(f_id).t_flags == LEVEL2


def test_a_table_frame_may_be_viewed_executable(machine):
    machine.ok("frame_table", viewed(machine, 1, RX), LEVEL2)


def test_the_view_may_be_a_section():
    machine = Machine(size=8 * MIB)
    f_id = machine.take(MIB // PAGE, MIB)
    machine.ok("frame_map", L1, f_id, 0x40000000, RO | SECTION)
    machine.ok("frame_table", f_id, LEVEL2)
    assert machine.words(0x40000000, 4) == (0, 0, 0, 0)


def test_the_host_learns_that_a_frame_was_zeroed(machine):
    f_id = viewed(machine, 2)
    frame = machine.kernel.frames[f_id]
    machine.host.forget()
    machine.ok("frame_table", f_id, LEVEL2)
    assert machine.host.written == [(frame.pa, frame.len)]


# -- L1 -------------------------------------------------------------------------------------


def test_an_l1_starts_with_the_kernels_own_entries(machine):
    f_id = viewed(machine, 4, align=0x4000)
    machine.ok("frame_table", f_id, LEVEL1)
    assert frame_words(machine, f_id) == [0] * FIRST_KERNEL_WORD + KERNEL_WORDS
    assert machine.info(f_id).t_flags == LEVEL1


@pytest.mark.parametrize("pages", [1, 3, 5, 8])
def test_an_l1_is_16_kib(machine, pages):
    f_id = viewed(machine, pages, align=0x4000)
    machine.fails(Error.BAD_SIZE, "frame_table", f_id, LEVEL1)


@pytest.mark.parametrize("offset", [PAGE, 2 * PAGE, 3 * PAGE])
def test_an_l1_is_aligned_to_its_size(machine, offset):
    block = machine.take(8, align=0x4000)
    f_id = machine.ok("frame_split", block, offset)
    machine.ok("frame_split", f_id, 4 * PAGE)
    machine.view(f_id, FREE_VA)
    machine.fails(Error.UNALIGNED, "frame_table", f_id, LEVEL1)


# -- what every new table needs -------------------------------------------------------------


@pytest.mark.parametrize("level", [LEVEL1, LEVEL2])
def test_a_table_is_made_of_memory(machine, level):
    machine.view(UART, FREE_VA, RO)
    machine.fails(Error.WRONG_TYPE, "frame_table", UART, level)
    machine.fails(Error.NO_FRAME, "frame_table", NOBODYS, level)


@pytest.mark.parametrize("level", [LEVEL1, LEVEL2])
@pytest.mark.parametrize("table", [L1, LOW, SYS])
def test_a_table_is_not_made_of_a_table(machine, level, table):
    machine.fails(Error.IS_TABLE, "frame_table", table, level)


@pytest.mark.parametrize("level", [LEVEL1, LEVEL2])
def test_a_table_is_made_of_what_the_caller_sees_and_cannot_write(machine, level):
    unviewed = machine.take(4, align=0x4000)
    machine.fails(Error.NOT_VIEWED_READ_ONLY, "frame_table", unviewed, level)
    machine.view(unviewed, FREE_VA, RW)
    machine.fails(Error.NOT_VIEWED_READ_ONLY, "frame_table", unviewed, level)
    machine.fails(Error.NOT_VIEWED_READ_ONLY, "frame_table", STACK, level)
    machine.view(unviewed, FREE_VA, RO)
    machine.ok("frame_table", unviewed, level)


@pytest.mark.parametrize("level", [LEVEL1, LEVEL2])
def test_a_view_in_another_vspace_is_not_enough(machine, level):
    """The frame is seen in a vspace that the caller owns and does not live in."""
    space = machine.vspace()
    f_id = machine.take(4, align=0x4000)
    machine.view(space.l2, FREE_VA)
    machine.view(f_id, 0x60000, RO, space.l2)
    machine.fails(Error.NOT_VIEWED_READ_ONLY, "frame_table", f_id, level)


def test_a_view_in_a_table_that_hangs_nowhere_is_not_enough(machine):
    l2, f_id = machine.l2(), machine.take()
    machine.ok("frame_map", L1, l2, 0x40000000, TABLE_L2)
    machine.view(f_id, 0x40001000, RO, l2)
    machine.ok("frame_unmap", l2, TABLE_L2)
    machine.fails(Error.NOT_VIEWED_READ_ONLY, "frame_table", f_id, LEVEL2)
    machine.ok("frame_map", L1, l2, 0x50000000, TABLE_L2)
    machine.ok("frame_table", f_id, LEVEL2)


@pytest.mark.parametrize("type_", [1, 3, 5, 6, 7, 8, 0x80000000, 0xFFFFFFFF])
def test_there_are_only_three_table_types(machine, type_):
    machine.fails(Error.BAD_KIND, "frame_table", viewed(machine, 4, align=0x4000), type_)


# -- NO: back to memory ---------------------------------------------------------------------


def test_an_empty_table_becomes_zeroed_memory(machine):
    for f_id in (machine.l1(), machine.l2(3)):
        assert machine.ok("frame_table", f_id, NO) == 0
        assert not any(frame_words(machine, f_id))
        described = machine.info(f_id)
        assert described.t_flags == 0
        machine.view(f_id, described.v_va, RW)


def test_only_a_table_becomes_memory(machine):
    machine.fails(Error.NOT_TABLE, "frame_table", CODE, NO)
    machine.fails(Error.NOT_TABLE, "frame_table", UART, NO)
    machine.fails(Error.NO_FRAME, "frame_table", NOBODYS, NO)


def test_an_installed_table_stays_a_table(machine):
    l2 = machine.l2()
    machine.ok("frame_map", L1, l2, 0x40000000, TABLE_L2)
    machine.fails(Error.TABLE_HUNG, "frame_table", l2, NO)
    machine.ok("frame_unmap", l2, TABLE_L2)
    machine.ok("frame_table", l2, NO)


def test_a_current_vspace_stays_a_table(machine):
    machine.fails(Error.TABLE_CURRENT, "frame_table", L1, NO)


def test_a_table_with_entries_stays_a_table(machine):
    l1, l2, page = machine.l1(), machine.l2(), machine.take()
    machine.ok("frame_map", l1, l2, 0x40000000, TABLE_L2)
    machine.fails(Error.TABLE_NOT_EMPTY, "frame_table", l1, NO)
    machine.view(page, 0x403FF000, RO, l2)  # the very last entry
    machine.ok("frame_unmap", l2, TABLE_L2)
    machine.ok("frame_table", l1, NO)
    machine.fails(Error.TABLE_NOT_EMPTY, "frame_table", l2, NO)
    machine.ok("frame_unmap", page, PAGE_KIND)
    machine.ok("frame_table", l2, NO)


def test_an_l1_whose_last_user_entry_is_used_stays_a_table(machine):
    l1, l2 = machine.l1(), machine.l2()
    machine.ok("frame_map", l1, l2, AREA + 12 * MIB, TABLE_L2)
    machine.fails(Error.TABLE_NOT_EMPTY, "frame_table", l1, NO)


@pytest.mark.parametrize("level", [LEVEL1, LEVEL2])
def test_no_view_is_needed_on_the_way_back(machine, level):
    """The view is there to keep a table from being born writable; memory may be anything."""
    f_id = machine.l1() if level is LEVEL1 else machine.l2()
    machine.ok("frame_unmap", f_id, PAGE_KIND)
    machine.ok("frame_table", f_id, NO)
    assert not any(frame_words(machine, f_id))


def test_what_was_never_a_table_is_not_mapped_by_the_attempt(machine):
    machine.fails(Error.NOT_VIEWED_READ_ONLY, "frame_table", DATA, LEVEL2)
    assert machine.rights(0x20000) == "rw-"


def test_a_view_that_lets_execute_memory_lets_nobody_execute_a_table(machine):
    f_id = machine.take()
    va = machine.view(f_id, FREE_VA, RX)
    assert machine.rights(va) == "r-x"
    machine.ok("frame_table", f_id, TableType.L2)
    assert machine.rights(va) == "r--"
    assert machine.info(f_id).v_flags == RX
    machine.ok("frame_table", f_id, TableType.NO)
    assert machine.rights(va) == "r-x"


def test_nor_does_a_view_that_comes_later(machine):
    l2 = machine.l2()
    machine.ok("frame_map", SYS, l2, FREE_VA, RX)
    assert machine.rights(FREE_VA) == "r--"
