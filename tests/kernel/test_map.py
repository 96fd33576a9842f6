"""Rules 7 and 8: frames are mapped in tables that the caller can see, and unmapped."""

from __future__ import annotations

import pytest

from kernel_model.abi import KERNEL_VA, MAP_NOEXEC, MAP_READ, MAP_WRITE, Error, TableType
from kernel_model.descriptors import decode_l1, decode_l2
from kernel_model.kernel import Device
from tests.kernel.driver import (
    AREA,
    CODE,
    CODE_VA,
    DATA,
    DATA_VA,
    FREE_VA,
    INFO,
    L1,
    LOW,
    MIB,
    PAGE,
    PAGE_KIND,
    REST,
    RO,
    RW,
    RWX,
    RX,
    SECTION,
    STACK,
    SYS,
    TABLE_L1,
    TABLE_L2,
    UART,
    UART_PA,
    Machine,
)

NOBODYS = 999
SPAN = 4 * MIB
VA = 0x40000000


@pytest.fixture
def roomy() -> Machine:
    """proc0 with a few whole MiBs to map as sections."""
    return Machine(size=8 * MIB)


def sections(machine: Machine, count: int = 1) -> int:
    return machine.take(count * MIB // PAGE, align=MIB)


def installed_l2(machine: Machine, va: int = VA, pages: int = 1) -> int:
    """A visible L2 table, installed in proc0's L1."""
    l2 = machine.l2(pages)
    machine.ok("frame_map", L1, l2, va, TABLE_L2)
    return l2


# -- PAGE -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "rights"),
    [(RO, "r--"), (RX, "r-x"), (RW, "rw-"), (RWX, "rwx")],
)
def test_a_page_view_gives_the_rights_of_its_flags(machine, flags, rights):
    f_id = machine.take(2)
    pa = machine.info(f_id).pa
    assert machine.ok("frame_map", SYS, f_id, FREE_VA, flags) == 0
    assert machine.info(f_id)[7:] == (SYS, FREE_VA, flags)
    for offset in (0, PAGE - 1, PAGE, 2 * PAGE - 1):
        assert machine.pa(FREE_VA + offset) == pa + offset
        assert machine.rights(FREE_VA + offset) == rights
    assert machine.rights(FREE_VA - 1) == machine.rights(FREE_VA + 2 * PAGE) == "---"
    assert machine.walk(FREE_VA).steps[1].entry.memory.name == "normal"


@pytest.mark.parametrize(("flags", "rights"), [(RO, "r--"), (RX, "r--"), (RW, "rw-"), (RWX, "rw-")])
def test_devices_are_device_memory_and_never_executable(machine, flags, rights):
    machine.ok("frame_map", SYS, UART, FREE_VA, flags)
    assert machine.pa(FREE_VA) == UART_PA
    assert machine.rights(FREE_VA) == rights
    assert machine.walk(FREE_VA).steps[1].entry.memory.name == "device"
    assert machine.info(UART).v_flags == flags


@pytest.mark.parametrize(
    "flags",
    [
        0,
        MAP_WRITE,
        MAP_NOEXEC,
        MAP_WRITE | MAP_NOEXEC,
        RO | 1 << 7,
        RW | 1 << 31,
        RO | 0x100,
    ],
)
@pytest.mark.parametrize("kind", [PAGE_KIND, SECTION])
def test_a_view_can_be_read_and_has_no_unknown_flags(machine, flags, kind):
    table = SYS if kind is PAGE_KIND else L1
    machine.fails(Error.BAD_FLAGS, "frame_map", table, machine.take(), FREE_VA, flags | kind)


@pytest.mark.parametrize("flags", [MAP_READ, MAP_WRITE, MAP_NOEXEC, 1 << 7, 1 << 31])
def test_a_table_hangs_without_rights_of_its_own(machine, flags):
    machine.fails(Error.BAD_FLAGS, "frame_map", L1, machine.l2(), VA, flags | TABLE_L2)


@pytest.mark.parametrize("kind", [TABLE_L1, 4 << 2, 8 << 2, 15 << 2])
@pytest.mark.parametrize("rights", [0, RO])
def test_frame_map_has_three_kinds(machine, kind, rights):
    machine.fails(Error.BAD_KIND, "frame_map", L1, machine.l1(), VA, kind | rights)


def test_both_frames_are_the_callers(machine):
    page = machine.take()
    machine.fails(Error.NO_FRAME, "frame_map", NOBODYS, page, FREE_VA, RO)
    machine.fails(Error.NO_FRAME, "frame_map", SYS, NOBODYS, FREE_VA, RO)
    child = machine.child()
    machine.fails(Error.NO_FRAME, "frame_map", child.l2, page, 0x60000, RO)
    machine.fails(Error.NO_FRAME, "frame_map", SYS, child.data, FREE_VA, RO)
    machine.turn(child.pid)
    machine.fails(Error.NO_FRAME, "frame_map", SYS, child.data, FREE_VA, RO)


def test_pages_go_into_an_l2_and_nothing_else(machine):
    page = machine.take()
    machine.fails(Error.NOT_TABLE, "frame_map", L1, page, FREE_VA, RO)
    machine.fails(Error.NOT_TABLE, "frame_map", DATA, page, FREE_VA, RO)


@pytest.mark.parametrize("kind", [RO | SECTION, TABLE_L2])
def test_sections_and_tables_go_into_an_l1_and_nothing_else(machine, kind):
    f_id = machine.l2()
    machine.fails(Error.NOT_TABLE, "frame_map", SYS, f_id, VA, kind)
    machine.fails(Error.NOT_TABLE, "frame_map", DATA, f_id, VA, kind)


# -- visible tables -------------------------------------------------------------------------


def test_a_table_without_a_view_cannot_be_edited(machine):
    l2 = installed_l2(machine)
    machine.ok("frame_unmap", l2, PAGE_KIND)
    machine.fails(Error.TABLE_NOT_VISIBLE, "frame_map", l2, machine.take(), VA, RO)
    machine.ok("frame_unmap", L1, PAGE_KIND)
    machine.fails(Error.TABLE_NOT_VISIBLE, "frame_map", L1, machine.l2(), 0x50000000, TABLE_L2)
    machine.fails(Error.TABLE_NOT_VISIBLE, "frame_map", L1, machine.take(), 0, RO | SECTION)


def test_a_table_stops_being_visible_goes_on_translating_and_is_made_visible_again(machine):
    l2, page, other = installed_l2(machine), machine.take(), machine.take()
    machine.view(page, VA, RW, l2)
    machine.ok("frame_unmap", l2, PAGE_KIND)
    assert machine.rights(VA) == "rw-"
    machine.fails(Error.TABLE_NOT_VISIBLE, "frame_map", l2, other, VA + PAGE, RO)
    machine.view(l2, FREE_VA)
    machine.view(other, VA + PAGE, RO, l2)
    assert machine.words(FREE_VA, 2) == tuple(
        machine.ram.read_words(machine.kernel.frames[l2].pa, 2)
    )


def test_a_table_seen_only_in_another_vspace_cannot_be_edited(machine):
    space = machine.vspace()
    machine.fails(Error.TABLE_NOT_VISIBLE, "frame_map", space.l2, machine.take(), 0x60000, RO)
    machine.fails(Error.TABLE_NOT_VISIBLE, "frame_map", space.l1, machine.take(), VA, RO | SECTION)
    machine.view(space.l2, FREE_VA)
    machine.view(machine.take(), 0x60000, RO, space.l2)


def test_a_table_seen_through_an_l2_that_hangs_nowhere_cannot_be_edited(machine):
    window, table = installed_l2(machine), installed_l2(machine, 0x50000000)
    machine.view(table, VA, RO, window)
    machine.ok("frame_unmap", window, TABLE_L2)
    machine.fails(Error.TABLE_NOT_VISIBLE, "frame_map", table, machine.take(), 0x50000000, RO)
    machine.ok("frame_map", L1, window, 0x60000000, TABLE_L2)
    machine.view(machine.take(), 0x50000000, RO, table)


def test_pages_go_into_an_l2_that_hangs(machine):
    l2, page = machine.l2(), machine.take()
    machine.fails(Error.TABLE_NOT_HUNG, "frame_map", l2, page, VA, RO)
    machine.fails(Error.TABLE_NOT_HUNG, "frame_map", l2, page, PAGE, RO)
    machine.ok("frame_map", L1, l2, VA, TABLE_L2)
    machine.ok("frame_map", l2, page, VA, RO)


def test_pages_may_go_into_an_l2_installed_in_another_vspace(machine):
    l1, l2, page = machine.l1(), machine.l2(), machine.take()
    machine.ok("frame_map", l1, l2, VA, TABLE_L2)
    machine.view(page, VA + PAGE, RO, l2)
    assert machine.rights(VA + PAGE) == "---"
    assert machine.info(page)[7:9] == (l2, VA + PAGE)


# -- where ----------------------------------------------------------------------------------


@pytest.mark.parametrize("va", [1, 4, PAGE - 1, PAGE + 0x800])
def test_pages_begin_at_pages(machine, va):
    machine.fails(Error.UNALIGNED, "frame_map", SYS, machine.take(), FREE_VA + va, RO)


def test_pages_stay_inside_the_addresses_of_their_table(machine):
    l2, two = installed_l2(machine), machine.take(2)
    for va in (VA - PAGE, VA - 2 * PAGE, VA + SPAN - PAGE, VA + SPAN, PAGE, 0, 0xFFFFF000):
        machine.fails(Error.OUT_OF_RANGE, "frame_map", l2, two, va, RO)
    machine.view(two, VA + SPAN - 2 * PAGE, RO, l2)
    machine.view(two, VA, RO, l2)


def test_a_bigger_l2_spans_more(machine):
    l2, page = installed_l2(machine, pages=2), machine.take()
    machine.view(page, VA + 2 * SPAN - PAGE, RO, l2)
    assert machine.pa(VA + 2 * SPAN - PAGE) == machine.info(page).pa
    machine.fails(Error.OUT_OF_RANGE, "frame_map", l2, page, VA + 2 * SPAN, RO)


def test_a_4_kib_l2_spans_four_mib_with_four_coarse_tables(machine):
    l2 = installed_l2(machine)
    pa, l1_pa = machine.info(l2).pa, machine.info(L1).pa
    words = machine.ram.read_words(l1_pa + (VA >> 20) * 4, 5).tolist()
    assert [decode_l1(word).kind for word in words] == ["coarse"] * 4 + ["fault"]
    assert [decode_l1(word).table for word in words[:4]] == [pa, pa + 0x400, pa + 0x800, pa + 0xC00]
    for index in range(4):
        page = machine.take()
        machine.view(page, VA + index * MIB, RO, l2)
        assert machine.pa(VA + index * MIB) == machine.info(page).pa


def test_page_0_is_never_mapped(machine):
    machine.fails(Error.PAGE_ZERO, "frame_map", LOW, machine.take(), 0, RO)
    machine.fails(Error.PAGE_ZERO, "frame_map", LOW, machine.take(2), 0, RO)
    machine.view(machine.take(), PAGE, RO, LOW)


def test_a_section_never_covers_page_0(roomy):
    l1, f_id = roomy.l1(), sections(roomy)
    roomy.fails(Error.PAGE_ZERO, "frame_map", l1, f_id, 0, RO | SECTION)
    roomy.ok("frame_map", l1, f_id, MIB, RO | SECTION)


def test_an_l2_that_would_map_page_0_does_not_hang_at_0(machine):
    l1, l2, page = machine.l1(), machine.l2(), machine.take()
    machine.ok("frame_map", l1, l2, VA, TABLE_L2)
    machine.view(page, VA, RO, l2)
    machine.ok("frame_unmap", l2, TABLE_L2)
    machine.fails(Error.PAGE_ZERO, "frame_map", l1, l2, 0, TABLE_L2)
    machine.ok("frame_map", l1, l2, SPAN, TABLE_L2)
    machine.view(page, SPAN + PAGE, RO, l2)
    machine.ok("frame_unmap", l2, TABLE_L2)
    machine.ok("frame_map", l1, l2, 0, TABLE_L2)
    assert machine.info(page).v_va == PAGE


@pytest.mark.parametrize("va", [KERNEL_VA, KERNEL_VA + MIB, 0xFFF00000, KERNEL_VA - MIB])
def test_sections_stay_below_the_kernel(roomy, va):
    roomy.fails(Error.KERNEL_SPACE, "frame_map", L1, sections(roomy, 2), va, RO | SECTION)


def test_a_section_may_end_where_the_kernel_begins(roomy):
    l1 = roomy.l1()
    roomy.ok("frame_map", l1, sections(roomy), KERNEL_VA - MIB, RO | SECTION)


@pytest.mark.parametrize("va", [KERNEL_VA, 0xFFF00000, KERNEL_VA - 3 * MIB])
def test_tables_hang_below_the_kernel(machine, va):
    machine.fails(Error.KERNEL_SPACE, "frame_map", machine.l1(), machine.l2(), va, TABLE_L2)


def test_a_table_may_end_where_the_kernel_begins(machine):
    l1, l2, page = machine.l1(), machine.l2(), machine.take()
    machine.ok("frame_map", l1, l2, KERNEL_VA - SPAN, TABLE_L2)
    machine.view(page, KERNEL_VA - PAGE, RO, l2)
    machine.fails(Error.OUT_OF_RANGE, "frame_map", l2, page, KERNEL_VA, RO)


# -- SECTION --------------------------------------------------------------------------------


@pytest.mark.parametrize(("flags", "rights"), [(RO, "r--"), (RX, "r-x"), (RW, "rw-"), (RWX, "rwx")])
def test_a_section_view_gives_the_rights_of_its_flags(roomy, flags, rights):
    f_id = sections(roomy, 2)
    pa = roomy.info(f_id).pa
    roomy.ok("frame_map", L1, f_id, VA, flags | SECTION)
    assert roomy.info(f_id)[7:] == (L1, VA, flags | SECTION)
    for offset in (0, MIB - 1, MIB, 2 * MIB - 1):
        assert roomy.pa(VA + offset) == pa + offset
        assert roomy.rights(VA + offset) == rights
    assert roomy.rights(VA - 1) == roomy.rights(VA + 2 * MIB) == "---"
    assert roomy.walk(VA).steps[0].entry.kind == "section"


def test_a_devices_section_is_device_memory():
    machine = Machine(devices=(Device("wide", 0x48000000, MIB),))
    machine.ok("frame_map", L1, UART, VA, RWX | SECTION)
    assert machine.rights(VA) == "rw-"
    assert machine.walk(VA).steps[0].entry.memory.name == "device"


@pytest.mark.parametrize("va", [VA + PAGE, VA + MIB // 2])
def test_section_addresses_are_mib_aligned(roomy, va):
    roomy.fails(Error.UNALIGNED, "frame_map", L1, sections(roomy), va, RO | SECTION)


def test_section_frames_are_mib_aligned_and_whole_mibs(roomy):
    two = sections(roomy, 2)
    lower_mib = roomy.info(two).pa
    upper = roomy.ok("frame_split", two, PAGE)
    rest = roomy.ok("frame_split", upper, MIB)
    assert roomy.info(upper).len == MIB
    roomy.fails(Error.UNALIGNED, "frame_map", L1, upper, VA, RO | SECTION)  # its address
    roomy.ok("frame_merge", two, upper)
    assert roomy.info(two).pa == lower_mib
    roomy.fails(Error.UNALIGNED, "frame_map", L1, two, VA, RO | SECTION)  # its length
    roomy.ok("frame_merge", two, rest)
    roomy.ok("frame_map", L1, two, VA, RO | SECTION)


# -- entries in use -------------------------------------------------------------------------


def test_every_target_entry_of_a_page_view_must_be_empty(machine):
    l2, page, three = installed_l2(machine), machine.take(), machine.take(3)
    machine.view(page, VA + 4 * PAGE, RO, l2)
    for va in (VA + 2 * PAGE, VA + 3 * PAGE, VA + 4 * PAGE):
        machine.fails(Error.ENTRY_IN_USE, "frame_map", l2, three, va, RO)
    machine.view(three, VA + 5 * PAGE, RO, l2)
    machine.view(three, VA + PAGE, RO, l2)


def test_the_first_entry_of_a_table_is_an_entry_like_the_others(machine):
    page = machine.take()
    machine.fails(Error.ENTRY_IN_USE, "frame_map", SYS, page, AREA, RO)
    machine.view(page, 0x100000, RO, LOW)
    machine.fails(Error.ENTRY_IN_USE, "frame_map", SYS, page, AREA, RO)
    machine.fails(Error.ENTRY_IN_USE, "frame_map", L1, machine.l2(), 0, TABLE_L2)


def test_every_target_entry_of_a_section_view_must_be_empty(roomy):
    one, two = sections(roomy), sections(roomy, 2)
    installed_l2(roomy, VA + 4 * MIB)
    roomy.ok("frame_map", L1, one, VA + 2 * MIB, RO | SECTION)
    for va in (VA + MIB, VA + 2 * MIB, VA + 3 * MIB, VA + 7 * MIB):
        roomy.fails(Error.ENTRY_IN_USE, "frame_map", L1, two, va, RO | SECTION)
    roomy.ok("frame_map", L1, two, VA, RO | SECTION)
    roomy.ok("frame_map", L1, two, VA + 8 * MIB, RO | SECTION)


def test_every_target_entry_of_a_table_must_be_empty(roomy):
    installed_l2(roomy, VA + 4 * MIB)
    roomy.ok("frame_map", L1, sections(roomy), VA - MIB, RO | SECTION)
    l2 = roomy.l2()
    for va in (VA + MIB, VA + 3 * MIB, VA + 4 * MIB, VA + 7 * MIB, VA - MIB, VA - 4 * MIB):
        roomy.fails(Error.ENTRY_IN_USE, "frame_map", L1, l2, va, TABLE_L2)
    roomy.ok("frame_map", L1, l2, VA, TABLE_L2)


# -- TABLE_L2 -------------------------------------------------------------------------------


def test_installing_a_table_describes_it(machine):
    l2 = machine.l2()
    before = machine.info(l2)
    assert machine.ok("frame_map", L1, l2, VA, TABLE_L2) == 0
    assert machine.info(l2) == before._replace(t_id=L1, t_va=VA, t_flags=TableType.L2 | 1)


def test_only_an_l2_hangs(machine):
    machine.fails(Error.NOT_TABLE, "frame_map", L1, machine.take(), VA, TABLE_L2)
    machine.fails(Error.NOT_TABLE, "frame_map", L1, machine.l1(), VA, TABLE_L2)
    machine.fails(Error.NOT_TABLE, "frame_map", L1, L1, VA, TABLE_L2)


def test_a_table_is_installed_in_one_place(machine):
    l1, l2 = machine.l1(), installed_l2(machine)
    machine.fails(Error.TABLE_HUNG, "frame_map", L1, l2, 0x50000000, TABLE_L2)
    machine.fails(Error.TABLE_HUNG, "frame_map", l1, l2, VA, TABLE_L2)
    machine.fails(Error.TABLE_HUNG, "frame_map", L1, l2, VA, TABLE_L2)


@pytest.mark.parametrize("va", [VA + PAGE, VA + 0x400, VA + MIB // 2])
def test_tables_hang_at_mib_steps(machine, va):
    machine.fails(Error.UNALIGNED, "frame_map", L1, machine.l2(), va, TABLE_L2)


def test_a_table_need_not_be_seen_to_be_installed(machine):
    l2 = machine.l2()
    machine.ok("frame_unmap", l2, PAGE_KIND)
    machine.ok("frame_map", L1, l2, VA, TABLE_L2)


def test_a_removed_table_keeps_its_entries_and_carries_them_elsewhere(machine):
    l2, page, last = installed_l2(machine), machine.take(), machine.take()
    machine.view(page, VA + 3 * PAGE, RW, l2)
    machine.view(last, VA + SPAN - PAGE, RX, l2)
    machine.poke(VA + 3 * PAGE, b"carried along")
    machine.ok("frame_unmap", l2, TABLE_L2)
    assert machine.rights(VA + 3 * PAGE) == "---"
    assert machine.info(l2)[4:7] == (-1, 0, TableType.L2)
    assert machine.info(page)[7:] == (l2, 3 * PAGE, RW)  # the offset, as if it were installed at 0
    machine.ok("frame_map", L1, l2, 0x50000000 + MIB, TABLE_L2)
    assert machine.info(page).v_va == 0x50000000 + MIB + 3 * PAGE
    assert machine.info(last).v_va == 0x50000000 + MIB + SPAN - PAGE
    assert machine.peek(0x50000000 + MIB + 3 * PAGE, 13) == b"carried along"
    assert machine.rights(0x50000000 + MIB + SPAN - PAGE) == "r-x"
    assert machine.rights(VA + 3 * PAGE) == "---"


def test_views_in_a_removed_table_can_be_removed(machine):
    l2, page = installed_l2(machine), machine.take()
    machine.view(page, VA + PAGE, RW, l2)
    machine.ok("frame_unmap", l2, TABLE_L2)
    machine.ok("frame_unmap", page, PAGE_KIND)
    machine.ok("frame_table", l2, TableType.NO)


# -- tables and processes are never writable ------------------------------------------------


@pytest.mark.parametrize("flags", [RW, RWX])
def test_a_table_is_never_viewed_writable(machine, flags):
    for table in (L1, LOW, machine.l1(), machine.l2()):
        machine.fails(Error.TABLE_WRITABLE, "frame_map", SYS, table, FREE_VA, flags)


def test_a_sections_worth_of_table_is_never_viewed_writable(roomy):
    f_id = sections(roomy)
    roomy.ok("frame_map", L1, f_id, VA, RO | SECTION)
    roomy.ok("frame_table", f_id, TableType.L2)
    roomy.fails(Error.TABLE_WRITABLE, "frame_map", L1, f_id, VA + MIB, RW | SECTION)
    roomy.ok("frame_map", L1, f_id, VA + MIB, RO | SECTION)


# -- moving a view --------------------------------------------------------------------------


def test_mapping_again_moves_the_view(machine):
    f_id = machine.take(2)
    machine.view(f_id, FREE_VA, RW)
    machine.poke(FREE_VA, b"moved")
    machine.view(f_id, 0x30000, RX, LOW)
    assert machine.rights(FREE_VA) == machine.rights(FREE_VA + PAGE) == "---"
    assert machine.peek(0x30000, 5) == b"moved"
    assert machine.rights(0x31000) == "r-x"
    assert machine.info(f_id)[7:] == (LOW, 0x30000, RX)


@pytest.mark.parametrize("by", [-2, -1, 1, 2])
def test_a_view_may_move_onto_its_own_old_entries(machine, by):
    f_id = machine.take(3)
    machine.view(f_id, FREE_VA + 4 * PAGE, RW)
    machine.view(f_id, FREE_VA + (4 + by) * PAGE, RW)
    pa = machine.info(f_id).pa
    seen = [machine.pa(FREE_VA + page * PAGE) for page in range(11)]
    assert seen == [-1] * (4 + by) + [pa, pa + PAGE, pa + 2 * PAGE] + [-1] * (4 - by)


def test_a_section_view_may_move_onto_its_own_old_entries(roomy):
    f_id = sections(roomy, 2)
    roomy.ok("frame_map", L1, f_id, VA, RW | SECTION)
    roomy.ok("frame_map", L1, f_id, VA + MIB, RW | SECTION)
    assert roomy.rights(VA) == "---"
    assert roomy.pa(VA + 2 * MIB) == roomy.info(f_id).pa + MIB


def test_a_view_may_move_from_pages_to_sections_and_back(roomy):
    f_id, l2 = sections(roomy), installed_l2(roomy)
    roomy.view(f_id, VA + 3 * MIB, RW, l2)
    roomy.ok("frame_map", L1, f_id, 0x50000000, RW | SECTION)
    assert roomy.rights(VA + 3 * MIB) == "---"
    roomy.view(f_id, VA + 3 * MIB, RO, l2)
    assert roomy.rights(0x50000000) == "---"
    assert roomy.rights(VA + 4 * MIB - 1) == "r--"


def test_mapping_at_the_same_place_changes_the_rights(machine):
    machine.view(DATA, DATA_VA, RO, LOW)
    assert machine.rights(DATA_VA) == machine.rights(DATA_VA + 3 * PAGE) == "r--"
    machine.view(DATA, DATA_VA, RWX, LOW)
    assert machine.rights(DATA_VA) == "rwx"


def test_a_view_does_not_move_onto_anothers_entries(machine):
    f_id, other = machine.take(2), machine.take()
    machine.view(f_id, FREE_VA)
    machine.view(other, FREE_VA + 2 * PAGE)
    machine.fails(Error.ENTRY_IN_USE, "frame_map", SYS, f_id, FREE_VA + PAGE, RO)
    machine.view(other, FREE_VA - PAGE)
    machine.fails(Error.ENTRY_IN_USE, "frame_map", SYS, f_id, FREE_VA - PAGE, RO)
    machine.fails(Error.ENTRY_IN_USE, "frame_map", SYS, f_id, FREE_VA - 2 * PAGE, RO)


def test_own_entries_in_one_table_do_not_free_those_of_another(machine):
    """The frame's entries in LOW have the numbers of the taken ones in SYS."""
    f_id, other = machine.take(), machine.take()
    machine.view(other, AREA + 0x100000, RO, SYS)
    machine.view(f_id, 0x100000, RO, LOW)
    machine.fails(Error.ENTRY_IN_USE, "frame_map", SYS, f_id, AREA + 0x100000, RO)


def test_a_tables_own_view_moves_into_itself(machine):
    l2 = installed_l2(machine)
    machine.view(l2, VA + PAGE, RO, l2)
    assert machine.rights(VA + PAGE) == "r--"
    assert decode_l2(machine.words(VA + PAGE + 4, 1)[0]).base == machine.info(l2).pa
    page = machine.take()
    machine.view(page, VA + 2 * PAGE, RO, l2)
    machine.ok("frame_unmap", l2, PAGE_KIND)
    machine.fails(Error.TABLE_NOT_VISIBLE, "frame_map", l2, page, VA + 3 * PAGE, RO)


# -- what the host is told ------------------------------------------------------------------


def test_the_host_learns_of_each_change_of_translation(machine):
    l1_pa = machine.info(L1).pa
    l2, page = machine.l2(), machine.take(2)
    machine.host.forget()
    machine.ok("frame_map", L1, l2, VA, TABLE_L2)
    assert machine.host.changed == [(l1_pa, VA, SPAN, False)]
    machine.host.forget()
    machine.view(page, VA + PAGE, RO, l2)
    assert machine.host.changed == [(l1_pa, VA + PAGE, 2 * PAGE, False)]
    machine.host.forget()
    machine.ok("frame_unmap", page, PAGE_KIND)
    assert machine.host.changed == [(l1_pa, VA + PAGE, 2 * PAGE, True)]
    machine.host.forget()
    machine.ok("frame_unmap", l2, TABLE_L2)
    assert machine.host.changed == [(l1_pa, VA, SPAN, True)]


def test_the_host_learns_of_section_changes(roomy):
    l1_pa, f_id = roomy.info(L1).pa, sections(roomy, 2)
    roomy.host.forget()
    roomy.ok("frame_map", L1, f_id, VA, RO | SECTION)
    roomy.ok("frame_unmap", f_id, SECTION)
    assert roomy.host.changed == [(l1_pa, VA, 2 * MIB, False), (l1_pa, VA, 2 * MIB, True)]


def test_the_host_learns_of_each_descriptor(machine):
    page = machine.take(2)
    pa, table = machine.info(page).pa, machine.info(SYS).pa
    at = table + (FREE_VA - AREA) // PAGE * 4
    machine.host.forget()
    machine.view(page, FREE_VA, RO)
    new = [pa | 0x6F, pa + PAGE | 0x6F]
    assert machine.host.descriptors == [(at, 2, [0, 0], new)]
    machine.host.forget()
    machine.ok("frame_unmap", page, PAGE_KIND)
    assert machine.host.descriptors == [(at, 2, new, [0, 0])]


def test_a_change_under_an_l2_that_hangs_nowhere_changes_no_translation(machine):
    l2, page = installed_l2(machine), machine.take()
    machine.view(page, VA + PAGE, RO, l2)
    machine.ok("frame_unmap", l2, TABLE_L2)
    machine.host.forget()
    machine.ok("frame_unmap", page, PAGE_KIND)
    assert machine.host.changed == []
    assert len(machine.host.descriptors) == 1


def test_the_host_learns_of_stores_into_tables(machine):
    """A guest may run code from a table, now or when it is viewed executable later."""
    l2, page = installed_l2(machine), machine.take(2)
    pa = machine.kernel.frames[l2].pa
    machine.host.forget()
    machine.view(page, VA + PAGE, RO, l2)
    assert machine.host.written == [(pa + 4, 8)]


def test_changes_of_another_vspace_name_its_l1(machine):
    l1, l2 = machine.l1(), machine.l2()
    machine.host.forget()
    machine.ok("frame_map", l1, l2, VA, TABLE_L2)
    assert machine.host.changed == [(machine.info(l1).pa, VA, SPAN, False)]


# -- frame_unmap (rule 8) -------------------------------------------------------------------


def test_unmap_removes_a_page_view(machine):
    before = machine.info(DATA)
    assert machine.ok("frame_unmap", CODE, PAGE_KIND) == 0
    assert machine.rights(CODE_VA) == "---"
    assert machine.info(CODE)[7:] == (-1, 0, 0)
    assert machine.info(DATA) == before


def test_unmap_removes_a_section_view(roomy):
    f_id = sections(roomy, 2)
    roomy.ok("frame_map", L1, f_id, VA, RO | SECTION)
    roomy.ok("frame_unmap", f_id, SECTION)
    assert roomy.rights(VA) == roomy.rights(VA + MIB) == "---"
    assert roomy.info(f_id)[7:] == (-1, 0, 0)


def test_unmap_removes_a_table_and_leaves_it_visible(machine):
    l2 = installed_l2(machine)
    view = machine.info(l2)[7:]
    machine.ok("frame_unmap", l2, TABLE_L2)
    assert machine.info(l2)[4:] == (-1, 0, TableType.L2, *view)


def test_unmap_needs_a_mapping_of_that_kind(roomy):
    f_id = sections(roomy)
    for kind in (PAGE_KIND, SECTION, TABLE_L2):
        roomy.fails(Error.NOT_MAPPED, "frame_unmap", f_id, kind)
    roomy.ok("frame_map", L1, f_id, VA, RO | SECTION)
    roomy.fails(Error.NOT_MAPPED, "frame_unmap", f_id, PAGE_KIND)
    roomy.fails(Error.NOT_MAPPED, "frame_unmap", f_id, TABLE_L2)
    roomy.fails(Error.NOT_MAPPED, "frame_unmap", CODE, SECTION)
    roomy.fails(Error.NOT_MAPPED, "frame_unmap", L1, TABLE_L2)
    roomy.fails(Error.NOT_MAPPED, "frame_unmap", roomy.l2(), TABLE_L2)
    roomy.fails(Error.NOT_MAPPED, "frame_unmap", REST, PAGE_KIND)


@pytest.mark.parametrize("kind", [1, TABLE_L1, 16, RO, RO | SECTION, 0xFFFFFFFF])
def test_unmap_has_three_kinds(machine, kind):
    machine.fails(Error.BAD_KIND, "frame_unmap", CODE, kind)


@pytest.mark.parametrize("kind", [PAGE_KIND, SECTION, TABLE_L2])
def test_unmap_of_nobodys_frame(machine, kind):
    machine.fails(Error.NO_FRAME, "frame_unmap", NOBODYS, kind)


def test_a_process_may_cut_off_the_branch_it_sits_on(machine):
    machine.ok("frame_unmap", SYS, TABLE_L2)
    machine.ok("frame_unmap", LOW, TABLE_L2)
    assert machine.rights(CODE_VA) == machine.rights(AREA) == "---"
    machine.fails(Error.BAD_POINTER, "frame_lookup", L1, DATA_VA)
    assert machine.ok("frame_count") == 9


def test_a_view_of_the_information_page_is_like_any_other(machine):
    machine.view(INFO, FREE_VA, RW)
    machine.poke(FREE_VA, b"mine")
    machine.view(STACK, FREE_VA + MIB, RWX)


# -- vspace_id ------------------------------------------------------------------------------


def test_vspace_id_names_the_callers_l1(machine):
    assert machine.ok("vspace_id") == L1
    child = machine.child()
    machine.turn(child.pid)
    assert machine.ok("vspace_id") == child.l1
