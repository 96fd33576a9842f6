"""Rules 1 to 5: frames are counted, described, cut, joined, created, and fed to the pool."""

from __future__ import annotations

import pytest

from kernel_model.abi import Error, FrameType, TableType
from kernel_model.kernel import BOOT_POOL, KERNEL_SIZE, Device
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
    RAM_BASE,
    RAM_SIZE,
    REST,
    RO,
    RW,
    SECTION,
    STACK,
    SYS,
    TABLE_L2,
    UART,
    UART_PA,
    FrameInfo,
    Machine,
    set_room,
)

NOBODYS = 999


def section_frame(machine: Machine, sections: int = 1) -> int:
    """A frame of whole, aligned MiBs out of a bigger machine."""
    return machine.take(sections * MIB // PAGE, align=MIB)


@pytest.fixture
def roomy() -> Machine:
    """proc0 with a few whole MiBs to map as sections."""
    return Machine(size=8 * MIB)


# -- frame_count, frame_info, frame_lookup (rule 2) -----------------------------------------


def test_frame_count_follows_the_list(machine):
    assert machine.ok("frame_count") == 9
    machine.take()
    assert machine.ok("frame_count") == 10


def test_frame_info_walks_the_list_in_order_of_arrival(machine):
    assert machine.owned() == [L1, LOW, SYS, INFO, CODE, DATA, STACK, REST, UART]
    first, second = machine.take(), machine.take()
    assert machine.owned() == [L1, LOW, SYS, INFO, CODE, DATA, STACK, REST, UART, first, second]


def test_frame_info_and_frame_lookup_say_the_same(machine):
    for index, f_id in enumerate(machine.owned()):
        described = machine.info(f_id)
        machine.ok("frame_info", index, DATA_VA + 100)
        assert machine.words(DATA_VA, 10) == machine.words(DATA_VA + 100, 10)
        assert described.f_id == f_id


def test_a_frame_is_described_by_ten_words(machine):
    none = 0xFFFFFFFF
    machine.info(UART)
    assert machine.words(DATA_VA, 10) == (UART, 1, UART_PA, PAGE, none, 0, 0, none, 0, 0)
    assert machine.info(CODE) == FrameInfo(CODE, 2, 0x8010A000, PAGE, -1, 0, 0, LOW, CODE_VA, 1)
    assert machine.info(STACK)[7:] == (SYS, AREA + 16 * MIB - 0x40000, 0b1000011)


def test_tables_describe_where_they_hang_and_that_they_are_current(machine):
    assert machine.info(L1)[4:7] == (-1, 0, TableType.L1 | 1)
    assert machine.info(LOW)[4:7] == (L1, 0, TableType.L2 | 1)
    assert machine.info(SYS)[4:7] == (L1, AREA, TableType.L2 | 1)
    assert machine.info(machine.l1())[4:7] == (-1, 0, TableType.L1)
    assert machine.info(machine.l2())[4:7] == (-1, 0, TableType.L2)


@pytest.mark.parametrize("index", [9, 10, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_frame_info_past_the_end(machine, index):
    machine.fails(Error.OUT_OF_RANGE, "frame_info", index, DATA_VA)


@pytest.mark.parametrize("f_id", [NOBODYS, -1, -(1 << 31)])
def test_frame_lookup_of_nobodys_frame(machine, f_id):
    machine.fails(Error.NO_FRAME, "frame_lookup", f_id, DATA_VA)


def test_frame_lookup_of_anothers_frame(machine):
    child = machine.child()
    machine.fails(Error.NO_FRAME, "frame_lookup", child.code, DATA_VA)
    machine.turn(child.pid)
    machine.fails(Error.NO_FRAME, "frame_lookup", REST, DATA_VA)


@pytest.mark.parametrize("pointer", [0, CODE_VA, DATA_VA + 4 * PAGE - 39, 0xFFFFFFF0])
@pytest.mark.parametrize("name", ["frame_lookup", "frame_info"])
def test_a_description_goes_only_where_the_caller_could_write(machine, name, pointer):
    machine.fails(Error.BAD_POINTER, name, 0, pointer)


def test_a_description_may_end_with_the_last_writable_byte_and_straddle_pages(machine):
    machine.ok("frame_lookup", CODE, DATA_VA + 4 * PAGE - 40)
    machine.ok("frame_lookup", CODE, DATA_VA + PAGE - 2)
    assert machine.words(DATA_VA + PAGE - 2, 10)[2] == 0x8010A000


# -- frame_split (rule 4) -------------------------------------------------------------------


def test_split_cuts_a_frame_in_two(machine):
    before = machine.info(REST)
    upper = machine.ok("frame_split", REST, 3 * PAGE)
    assert machine.info(REST) == before._replace(len=3 * PAGE)
    assert machine.info(upper) == before._replace(
        f_id=upper, pa=before.pa + 3 * PAGE, len=before.len - 3 * PAGE
    )


def test_split_gives_ids_that_were_never_used_before(machine):
    upper = machine.ok("frame_split", REST, PAGE)
    machine.ok("frame_merge", REST, upper)
    assert machine.ok("frame_split", REST, PAGE) == upper + 1


def test_split_keeps_the_type(machine):
    two_pages = Machine(devices=(Device("wide", UART_PA, 2 * PAGE),))
    upper = two_pages.ok("frame_split", UART, PAGE)
    assert two_pages.info(upper).type == FrameType.IO


def test_split_leaves_both_parts_their_part_of_the_view(machine):
    machine.poke(DATA_VA + 3 * PAGE, b"upper part")
    upper = machine.ok("frame_split", DATA, 2 * PAGE)
    assert machine.info(upper)[7:] == (LOW, DATA_VA + 2 * PAGE, RW)
    assert machine.info(DATA)[7:] == (LOW, DATA_VA, RW)
    assert machine.peek(DATA_VA + 3 * PAGE, 10) == b"upper part"
    machine.ok("frame_unmap", upper, PAGE_KIND)
    assert machine.rights(DATA_VA + 2 * PAGE - 1) == "rw-"
    assert machine.rights(DATA_VA + 2 * PAGE) == "---"


def test_split_changes_no_descriptor(machine):
    machine.host.forget()
    machine.ok("frame_split", DATA, PAGE)
    assert machine.host.descriptors == machine.host.changed == []


def test_a_section_view_is_split_at_mib_steps_only(roomy):
    f_id = section_frame(roomy, 2)
    roomy.ok("frame_map", L1, f_id, 0x40000000, RW | SECTION)
    roomy.fails(Error.UNALIGNED, "frame_split", f_id, PAGE)
    upper = roomy.ok("frame_split", f_id, MIB)
    assert roomy.info(upper)[7:] == (L1, 0x40100000, RW | SECTION)
    roomy.ok("frame_unmap", f_id, SECTION)
    roomy.ok("frame_split", f_id, PAGE)
    assert roomy.rights(0x40000000) == "---"
    assert roomy.rights(0x40100000) == "rw-"


@pytest.mark.parametrize("offset", [0, RAM_SIZE, 0xFFFFF000])
def test_split_only_strictly_inside(machine, offset):
    machine.fails(Error.OUT_OF_RANGE, "frame_split", REST, offset)


def test_split_not_at_the_end_but_one_page_before(machine):
    length = machine.info(REST).len
    machine.fails(Error.OUT_OF_RANGE, "frame_split", REST, length)
    machine.ok("frame_split", REST, length - PAGE)


def test_a_single_page_cannot_be_split(machine):
    machine.fails(Error.OUT_OF_RANGE, "frame_split", CODE, PAGE)


@pytest.mark.parametrize("offset", [1, PAGE - 1, PAGE + 4, 0x801])
def test_split_only_at_pages(machine, offset):
    machine.fails(Error.UNALIGNED, "frame_split", REST, offset)


def test_split_of_nobodys_frame(machine):
    machine.fails(Error.NO_FRAME, "frame_split", NOBODYS, PAGE)


def test_tables_cannot_be_split(machine):
    machine.fails(Error.IS_TABLE, "frame_split", L1, PAGE)
    machine.fails(Error.IS_TABLE, "frame_split", SYS, PAGE)
    machine.fails(Error.IS_TABLE, "frame_split", machine.l2(2), PAGE)


def test_process_and_pool_frames_cannot_be_split(machine):
    pool = machine.take(2)
    machine.ok("frame_pool", pool)
    machine.fails(Error.WRONG_TYPE, "frame_split", pool, PAGE)
    space = machine.vspace()
    pid, record = machine.record_child()
    machine.ok("vspace_swap", pid, space.l1)
    machine.start(pid)
    machine.turn(pid)
    machine.fails(Error.WRONG_TYPE, "frame_split", record, PAGE)


def fill_pool(machine: Machine) -> list[int]:
    """Cut pages off the rest until the pool is full."""
    pages = []
    while machine.kernel.processes[0].free_room:
        pages.append(machine.call("frame_split", REST, machine.kernel.frames[REST].len - PAGE))
    return pages


@pytest.fixture
def full(machine) -> Machine:
    """A machine whose pool, a small one, has no room left."""
    set_room(machine.kernel, 16)
    fill_pool(machine)
    return machine


LAST_F_ID = 0x7FFFFFFF


def test_the_last_id_that_a_frame_can_have(machine):
    machine.kernel.next_f_id = LAST_F_ID
    assert machine.ok("frame_split", REST, PAGE) == LAST_F_ID
    assert machine.info(LAST_F_ID).f_id == LAST_F_ID
    machine.fails(Error.NO_ID_LEFT, "frame_split", LAST_F_ID, PAGE)
    machine.ok("frame_merge", REST, LAST_F_ID)
    machine.fails(Error.NO_ID_LEFT, "frame_split", REST, PAGE)


def test_a_full_pool_is_an_error(full):
    assert full.kernel.processes[0].free_room == 0
    full.fails(Error.POOL_FULL, "frame_split", REST, PAGE)


def test_the_pool_at_boot_has_its_fixed_size(machine):
    assert machine.kernel.processes[0].room == BOOT_POOL
    assert machine.kernel.processes[0].charged == 9


# -- frame_merge (rule 5) -------------------------------------------------------------------


def test_merge_undoes_split(machine):
    before = machine.info(REST)
    upper = machine.ok("frame_split", REST, PAGE)
    assert machine.ok("frame_merge", REST, upper) == REST
    assert machine.info(REST) == before
    assert upper not in machine.owned()
    machine.fails(Error.NO_FRAME, "frame_lookup", upper, DATA_VA)


def test_merge_gives_its_object_back_to_the_pool(full):
    upper = full.kernel.next_f_id - 1
    lower = full.kernel.next_f_id - 2
    full.ok("frame_merge", upper, lower)
    full.ok("frame_split", upper, PAGE)
    full.fails(Error.POOL_FULL, "frame_split", REST, PAGE)


def test_merge_joins_views_that_lie_side_by_side(machine):
    upper = machine.ok("frame_split", DATA, PAGE)
    machine.host.forget()
    machine.ok("frame_merge", DATA, upper)
    assert machine.info(DATA)[3:] == (4 * PAGE, -1, 0, 0, LOW, DATA_VA, RW)
    assert machine.host.descriptors == []
    assert machine.kernel.frames[LOW].views == {CODE: None, DATA: None}


def test_merge_joins_section_views(roomy):
    f_id = section_frame(roomy, 2)
    roomy.ok("frame_map", L1, f_id, 0x40000000, RW | SECTION)
    upper = roomy.ok("frame_split", f_id, MIB)
    roomy.ok("frame_merge", f_id, upper)
    assert roomy.info(f_id)[3:] == (2 * MIB, -1, 0, 0, L1, 0x40000000, RW | SECTION)


def test_merge_views_apart(machine):
    lower = machine.take(2)
    upper = machine.ok("frame_split", lower, PAGE)
    machine.view(lower, FREE_VA)
    machine.fails(Error.NOT_ALIKE, "frame_merge", lower, upper)  # only one is viewed
    machine.view(upper, FREE_VA + 2 * PAGE)
    machine.fails(Error.NOT_ALIKE, "frame_merge", lower, upper)  # a page between
    machine.view(upper, FREE_VA + PAGE, RW)
    machine.fails(Error.NOT_ALIKE, "frame_merge", lower, upper)  # other flags
    machine.ok("frame_unmap", lower, PAGE_KIND)
    machine.fails(Error.NOT_ALIKE, "frame_merge", lower, upper)  # only the upper is viewed
    machine.view(upper, FREE_VA)
    machine.view(lower, FREE_VA + PAGE)
    machine.fails(Error.NOT_ALIKE, "frame_merge", lower, upper)  # the wrong way round
    machine.view(lower, 0x30000, table=LOW)
    machine.view(upper, AREA + 0x31000)
    machine.fails(Error.NOT_ALIKE, "frame_merge", lower, upper)  # other tables
    machine.view(upper, 0x31000, table=LOW)
    machine.ok("frame_merge", lower, upper)


def test_merge_of_views_at_the_same_offset_in_different_tables(machine):
    """0x30000 into one table and 0x31000 into another look alike but for the table."""
    lower = machine.take(2)
    upper = machine.ok("frame_split", lower, PAGE)
    machine.view(lower, 0x30000, table=LOW)
    machine.view(upper, AREA + 0x31000, table=SYS)
    machine.fails(Error.NOT_ALIKE, "frame_merge", lower, upper)


def test_merge_only_where_the_first_ends(machine):
    low, high = machine.take(2), machine.take()
    middle = machine.ok("frame_split", low, PAGE)
    machine.fails(Error.NOT_ADJACENT, "frame_merge", middle, low)  # the other way round
    machine.fails(Error.NOT_ADJACENT, "frame_merge", low, low)
    machine.fails(Error.NOT_ADJACENT, "frame_merge", high, middle)
    machine.fails(Error.NOT_ADJACENT, "frame_merge", REST, UART)
    machine.ok("frame_merge", high, low)
    machine.ok("frame_merge", high, middle)
    assert machine.info(high).len == 3 * PAGE


def test_merge_of_different_types():
    """A device that begins where RAM ends."""
    machine = Machine(devices=(Device("next", RAM_BASE + RAM_SIZE, PAGE),))
    machine.fails(Error.NOT_ALIKE, "frame_merge", REST, UART)


def test_merge_of_frames_the_caller_does_not_own(machine):
    machine.fails(Error.NO_FRAME, "frame_merge", REST, NOBODYS)
    machine.fails(Error.NO_FRAME, "frame_merge", NOBODYS, REST)
    child = machine.child()
    machine.fails(Error.NO_FRAME, "frame_merge", REST, child.code)


def test_merge_of_tables_and_of_frames_that_are_more_than_memory(machine):
    lower = machine.take(2)
    upper = machine.ok("frame_split", lower, PAGE)
    machine.view(lower, FREE_VA)
    machine.view(upper, FREE_VA + PAGE)
    machine.ok("frame_table", upper, TableType.L2)
    machine.fails(Error.IS_TABLE, "frame_merge", lower, upper)
    machine.ok("frame_table", lower, TableType.L2)
    machine.ok("frame_table", upper, TableType.NO)
    machine.fails(Error.IS_TABLE, "frame_merge", lower, upper)


@pytest.mark.parametrize("which", [0, 1])
def test_merge_of_pool_frames(machine, which):
    lower = machine.take(2)
    pair = lower, machine.ok("frame_split", lower, PAGE)
    machine.ok("frame_pool", pair[which])
    machine.fails(Error.WRONG_TYPE, "frame_merge", *pair)
    machine.ok("frame_pool", pair[1 - which])
    machine.fails(Error.WRONG_TYPE, "frame_merge", *pair)


# -- frame_pool (rule 3) --------------------------------------------------------------------


def test_a_frame_of_n_pages_makes_room_for_64n_objects(full):
    page = full.kernel.next_f_id - 1
    assert full.ok("frame_pool", page) == 64
    assert full.kernel.processes[0].free_room == 64
    assert full.info(page).type == FrameType.POOL
    for _ in range(64):
        full.ok("frame_split", REST, full.kernel.frames[REST].len - PAGE)
    full.fails(Error.POOL_FULL, "frame_split", REST, PAGE)


def test_a_bigger_frame_makes_more_room(machine):
    assert machine.ok("frame_pool", machine.take(3)) == 192


def test_pool_memory_is_no_longer_the_callers_to_use(machine):
    f_id = machine.take()
    machine.ok("frame_pool", f_id)
    machine.fails(Error.WRONG_TYPE, "frame_pool", f_id)
    machine.fails(Error.WRONG_TYPE, "frame_map", SYS, f_id, FREE_VA, RO)
    machine.fails(Error.WRONG_TYPE, "frame_table", f_id, TableType.L2)
    machine.fails(Error.WRONG_TYPE, "proc_new", f_id)
    pid, _ = machine.record_child()
    machine.fails(Error.WRONG_TYPE, "frame_give", f_id, pid)


def test_what_cannot_become_pool(machine):
    machine.fails(Error.NO_FRAME, "frame_pool", NOBODYS)
    machine.fails(Error.IS_TABLE, "frame_pool", L1)
    machine.fails(Error.IS_TABLE, "frame_pool", LOW)
    machine.fails(Error.WRONG_TYPE, "frame_pool", UART)
    machine.fails(Error.MAPPED, "frame_pool", DATA)


# -- what a frame is, and where ---------------------------------------------------------------


def test_each_byte_of_a_frame_is_that_frames(machine):
    kernel = machine.kernel
    for frame in kernel.frames.values():
        assert kernel.frame_at(frame.pa) is frame
        assert kernel.frame_at(frame.end - 1) is frame


def test_no_frame_holds_the_kernel_or_what_is_not_there(machine):
    for pa in (RAM_BASE, RAM_BASE + KERNEL_SIZE - 1, RAM_BASE + RAM_SIZE, UART_PA - 1):
        assert machine.kernel.frame_at(pa) is None


def test_a_frame_is_free_while_it_is_memory_unmapped_and_no_table(machine):
    frames = machine.kernel.frames
    assert frames[REST].is_free
    assert not frames[CODE].is_free
    assert not frames[UART].is_free
    table = machine.l2()
    machine.ok("frame_unmap", table, PAGE_KIND)
    assert not frames[table].is_free
    page = machine.take()
    assert frames[page].is_free
    machine.ok("frame_pool", page)
    assert not frames[page].is_free


def test_an_l2_spans_1_mib_for_each_table_in_it(machine):
    table = machine.kernel.frames[machine.l2(pages=2)]
    assert table.span == range(8 * MIB)
    machine.ok("frame_map", L1, table.f_id, 0x40000000, TABLE_L2)
    assert table.span == range(0x40000000, 0x40000000 + 8 * MIB)


# -- frame_create (device-tree boot) --------------------------------------------------------


@pytest.fixture
def created(machine) -> Machine:
    """proc0 as after a device-tree boot: the kernel has not handed out all of RAM."""
    rest = machine.kernel.frames[REST]
    rest.len = PAGE
    machine.kernel.is_device_tree_boot = True
    return machine


def free_pa(machine: Machine) -> int:
    return machine.kernel.frames[REST].end


def test_create_makes_frames_of_ram(created):
    pa = free_pa(created)
    f_id = created.ok("frame_create", pa, 2 * PAGE, FrameType.MEM)
    assert created.info(f_id) == FrameInfo(f_id, 2, pa, 2 * PAGE, -1, 0, 0, -1, 0, 0)
    assert created.owned()[-1] == f_id
    last = created.ok("frame_create", RAM_BASE + RAM_SIZE - PAGE, PAGE, FrameType.MEM)
    created.view(last, FREE_VA, RW)
    assert created.rights(FREE_VA) == "rw-"


def test_create_makes_frames_of_devices(created):
    f_id = created.ok("frame_create", 0x48000000, PAGE, FrameType.IO)
    assert created.info(f_id)[1:4] == (FrameType.IO, 0x48000000, PAGE)
    top = created.ok("frame_create", 0xFFFFF000, PAGE, FrameType.IO)
    assert created.info(top).pa == 0xFFFFF000
    created.view(top, FREE_VA, RW)
    assert created.pa(FREE_VA) == 0xFFFFF000


def test_create_is_for_proc0_after_a_device_tree_boot(machine):
    machine.fails(Error.NO_CREATE, "frame_create", 0x48000000, PAGE, FrameType.IO)
    machine.kernel.is_device_tree_boot = True
    child = machine.child()
    machine.ok("frame_create", 0x48000000, PAGE, FrameType.IO)
    machine.turn(child.pid)
    machine.fails(Error.NO_CREATE, "frame_create", 0x49000000, PAGE, FrameType.IO)


@pytest.mark.parametrize("type_", [0, FrameType.PROC, FrameType.POOL, 5, 0xFFFFFFFF])
def test_create_makes_only_io_and_mem(created, type_):
    created.fails(Error.WRONG_TYPE, "frame_create", free_pa(created), PAGE, type_)


@pytest.mark.parametrize(
    ("start", "length"),
    [(0x48000001, PAGE), (0x48000800, PAGE), (0x48000000, 1), (0x48000000, PAGE + 0x800)],
)
def test_create_makes_whole_pages(created, start, length):
    created.fails(Error.UNALIGNED, "frame_create", start, length, FrameType.IO)


@pytest.mark.parametrize(
    ("start", "length", "type_"),
    [
        (0x48000000, 0, FrameType.IO),
        (RAM_BASE + RAM_SIZE - PAGE, 0, FrameType.MEM),
        (RAM_BASE + RAM_SIZE, PAGE, FrameType.MEM),
        (RAM_BASE + RAM_SIZE - PAGE, 2 * PAGE, FrameType.MEM),
        (RAM_BASE - PAGE, PAGE, FrameType.MEM),
        (0xFFFFF000, 2 * PAGE, FrameType.IO),
        (0xFFFFF000, 0xFFFFF000, FrameType.IO),
    ],
)
def test_create_only_where_there_is_something(created, start, length, type_):
    created.fails(Error.OUT_OF_RANGE, "frame_create", start, length, type_)


@pytest.mark.parametrize("type_", [FrameType.IO, FrameType.MEM])
def test_created_frames_overlap_neither_the_kernel_nor_a_frame(created, type_):
    pa = free_pa(created)
    created.fails(Error.OVERLAP, "frame_create", RAM_BASE, PAGE, type_)
    created.fails(Error.OVERLAP, "frame_create", RAM_BASE + KERNEL_SIZE - PAGE, PAGE, type_)
    created.fails(Error.OVERLAP, "frame_create", pa - PAGE, PAGE, type_)
    created.fails(Error.OVERLAP, "frame_create", pa - PAGE, 2 * PAGE, type_)
    created.ok("frame_create", pa + PAGE, PAGE, type_)
    created.fails(Error.OVERLAP, "frame_create", pa, 2 * PAGE, type_)
    created.fails(Error.OVERLAP, "frame_create", pa, 3 * PAGE, type_)
    created.ok("frame_create", pa, PAGE, type_)
    created.ok("frame_create", pa + 2 * PAGE, PAGE, type_)


def test_create_needs_room_in_the_pool(created):
    set_room(created.kernel, created.kernel.processes[0].charged)
    created.fails(Error.POOL_FULL, "frame_create", free_pa(created), PAGE, FrameType.MEM)


def test_create_needs_an_id(created):
    created.kernel.next_f_id = LAST_F_ID + 1
    created.fails(Error.NO_ID_LEFT, "frame_create", free_pa(created), PAGE, FrameType.MEM)
