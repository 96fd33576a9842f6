"""What a refusal tells a person: the rule, and the values that broke it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel_model.abi import FrameType, TableType
from tests.kernel.driver import (
    CODE,
    DATA,
    DATA_VA,
    FREE_VA,
    L1,
    LOW,
    MIB,
    PAGE,
    REST,
    RO,
    RW,
    SECTION,
    SYS,
    TABLE_L2,
    UART,
    Machine,
    set_room,
)

CALLS: list[tuple[tuple[str, *tuple[int, ...]], str]] = [
    (("frame_lookup", 99, DATA_VA), "E_NO_FRAME (process 0 owns no frame 99)"),
    (("frame_lookup", 0, CODE), "E_BAD_POINTER (process 0 cannot access 0x4 as -w-)"),
    (("console_write", DATA_VA, 0x4001), "E_BAD_POINTER (process 0 cannot access 0x24000 as r--)"),
    (("frame_info", 9, DATA_VA), "E_OUT_OF_RANGE (index 9 of 9 frames)"),
    (("frame_split", REST, 7), "E_UNALIGNED (offset 0x7 is not a multiple of 0x1000)"),
    (
        ("frame_split", CODE, PAGE),
        "E_OUT_OF_RANGE (offset 0x1000 is not inside frame 4 (MEM 0x8010a000+0x1000))",
    ),
    (("frame_split", L1, PAGE), "E_IS_TABLE (frame 0 (MEM 0x80100000+0x4000) is an L1 table)"),
    (
        ("frame_merge", CODE, REST),
        "E_NOT_ADJACENT (frame 7 (MEM 0x8014f000+0x2b1000) does not start where "
        "frame 4 (MEM 0x8010a000+0x1000) ends)",
    ),
    (
        ("frame_merge", CODE, DATA),
        "E_NOT_ALIKE (frame 4 (MEM 0x8010a000+0x1000) and frame 5 (MEM 0x8010b000+0x4000) "
        "differ in type or view)",
    ),
    (("frame_pool", UART), "E_WRONG_TYPE (frame 8 (IO 0x44e09000+0x1000) is not MEM)"),
    (("frame_pool", CODE), "E_MAPPED (frame 4 (MEM 0x8010a000+0x1000) is viewed in table 1)"),
    (
        ("frame_create", 0, 0, 1),
        "E_NO_CREATE (frames are created only by proc0 after a device-tree boot)",
    ),
    (("proc_new", LOW), "E_IS_TABLE (frame 1 (MEM 0x80104000+0x1000) is an L2 table)"),
    (
        ("proc_new", L1),
        "E_TABLE_CURRENT (frame 0 (MEM 0x80100000+0x4000) is the current vspace of process 0)",
    ),
    (("frame_table", CODE, 1), "E_BAD_KIND (0x1 is no type of table)"),
    (("frame_table", CODE, 0), "E_NOT_TABLE (frame 4 (MEM 0x8010a000+0x1000) is no table)"),
    (
        ("frame_table", DATA, TableType.L2),
        "E_NOT_VIEWED_READ_ONLY (frame 5 (MEM 0x8010b000+0x4000) has no read-only view "
        "in vspace 0)",
    ),
    (
        ("frame_table", CODE, TableType.L1),
        "E_BAD_SIZE (frame 4 (MEM 0x8010a000+0x1000) is not 0x4000 bytes)",
    ),
    (
        ("frame_table", LOW, 0),
        "E_TABLE_HUNG (frame 1 (MEM 0x80104000+0x1000) is installed in table 0)",
    ),
    (("frame_map", SYS, REST, 0, 8), "E_BAD_KIND (nothing is mapped as kind 2)"),
    (("frame_map", SYS, REST, 0, 2), "E_BAD_FLAGS (flags 0x2 do not go together)"),
    (
        ("frame_map", L1, REST, 0, RO),
        "E_NOT_TABLE (frame 0 (MEM 0x80100000+0x4000) is not an L2 table)",
    ),
    (
        ("frame_map", SYS, LOW, FREE_VA, RW),
        "E_TABLE_WRITABLE (frame 1 (MEM 0x80104000+0x1000) may only be viewed read-only)",
    ),
    (
        ("frame_map", SYS, CODE, FREE_VA + 1, RO),
        "E_UNALIGNED (va 0xef100001 is not a multiple of 0x1000)",
    ),
    (
        ("frame_map", L1, UART, MIB, RO | SECTION),
        "E_UNALIGNED (the frame's address 0x44e09000 is not a multiple of 0x100000)",
    ),
    (
        ("frame_map", L1, UART, MIB + PAGE, RO | SECTION),
        "E_UNALIGNED (va 0x101000 is not a multiple of 0x100000)",
    ),
    (
        ("frame_map", SYS, CODE, 0, RO),
        "E_OUT_OF_RANGE (0x0+0x1000 is not in table 2's 0xef000000+0x1000000)",
    ),
    (("frame_map", LOW, UART, 0, RO), "E_PAGE_ZERO (page 0 is never mapped)"),
    (
        ("frame_map", SYS, UART, 0xEF000000, RO),
        "E_ENTRY_IN_USE (entry 0x0 of table 2 is 0x8010006f)",
    ),
    (
        ("frame_map", LOW, DATA, 0xE000, RO),
        "E_ENTRY_IN_USE (entry 0x10 of table 1 is 0x8010a06e)",
    ),
    (("frame_map", L1, LOW, 0, TABLE_L2), "E_TABLE_HUNG (table 1 is installed in table 0)"),
    (("frame_unmap", CODE, 8), "E_BAD_KIND (nothing is unmapped as kind 0x8)"),
    (
        ("frame_unmap", CODE, 12),
        "E_NOT_MAPPED (frame 4 (MEM 0x8010a000+0x1000) is not mapped as TABLE_L2)",
    ),
    (("frame_give", CODE, 9), "E_NO_PROCESS (no living process has pid 9)"),
    (("frame_give", CODE, 0), "E_TO_SELF (process 0 is the caller)"),
    (("frame_allow", 0), "E_TO_SELF (process 0 is the caller)"),
    (("send", 0, DATA_VA), "E_TO_SELF (process 0 would wait for itself)"),
]


@pytest.mark.parametrize(("call", "text"), CALLS, ids=lambda value: str(value[0]))
def test_the_text_of_a_refusal(machine, call, text):
    machine.call(*call)
    assert str(machine.kernel.refusal) == text


# Refusals that take some doing first: what to do, the call that it returns, its refusal.


def full_pool(machine):
    set_room(machine.kernel, 9)
    return "frame_split", REST, PAGE


def short_record(machine):
    return "proc_new", machine.take()


def invisible_table(machine):
    machine.ok("frame_unmap", LOW, 0)
    return "frame_map", LOW, REST, MIB, RO


def loose_table(machine):
    return "frame_map", machine.l2(), CODE, MIB, RO


def table_with_entries(machine):
    l1 = machine.l1()
    machine.ok("frame_map", l1, machine.l2(), 0, TABLE_L2)
    return "frame_table", l1, 0


def table_over_page_0(machine):
    l1, l2 = machine.l1(), machine.l2()
    machine.ok("frame_map", l1, l2, MIB, TABLE_L2)
    machine.view(machine.take(), MIB, RO, l2)
    machine.ok("frame_unmap", l2, TABLE_L2)
    return "frame_map", l1, l2, 0, TABLE_L2


def table_at_a_page(machine):
    return "frame_map", L1, machine.l2(), MIB + PAGE, TABLE_L2


def table_over_the_kernel(machine):
    return "frame_map", L1, machine.l2(), 0xEFF00000, TABLE_L2


def half_a_section(machine):
    f_id = machine.take(128, align=MIB)
    return "frame_map", L1, f_id, MIB, RO | SECTION


def stranger(machine):
    child = machine.child()
    machine.turn(child.pid)
    return "frame_give", child.code, 0


def stranger_to_one_who_allows_another(machine):
    child = machine.child()
    machine.ok("frame_allow", machine.child().pid)
    machine.turn(child.pid)
    return "frame_give", child.code, 0


def child_without_vspace(machine):
    return "send", machine.record_child()[0], DATA_VA


def created_type(machine):
    machine.kernel.is_device_tree_boot = True
    return "frame_create", 0, PAGE, FrameType.POOL


def created_nowhere(machine):
    machine.kernel.is_device_tree_boot = True
    return "frame_create", 0x1000, PAGE, FrameType.MEM


def created_unaligned(machine):
    machine.kernel.is_device_tree_boot = True
    return "frame_create", 0x1001, PAGE, FrameType.IO


def created_with_odd_length(machine):
    machine.kernel.is_device_tree_boot = True
    return "frame_create", 0x1000, 7, FrameType.IO


def no_frame_left(machine):
    machine.kernel.next_f_id = 1 << 31
    return "frame_split", REST, PAGE


def no_pid_left(machine):
    record = machine.take(2)
    machine.kernel.next_pid = 1 << 30
    return "proc_new", record


def created_over_the_kernel(machine):
    machine.kernel.is_device_tree_boot = True
    return "frame_create", 0x80000000, PAGE, FrameType.MEM


def created_over_a_frame(machine):
    machine.kernel.is_device_tree_boot = True
    return "frame_create", 0x44E09000, PAGE, FrameType.IO


def given_record(machine):
    pid, record = machine.record_child()
    space, sibling = machine.vspace(), machine.child()
    machine.ok("vspace_swap", pid, space.l1)
    machine.start(pid)
    machine.turn(pid)
    return "frame_give", record, sibling.pid


SCENES: list[tuple[Callable[[Machine], tuple], str]] = [
    (full_pool, "E_POOL_FULL (the account of process 0 has room for 9 kernel objects, 9 are used)"),
    (no_frame_left, "E_NO_ID_LEFT (frame 2147483647 was the last)"),
    (no_pid_left, "E_NO_ID_LEFT (process 1073741823 was the last)"),
    (short_record, "E_BAD_SIZE (frame 9 (MEM 0x803ff000+0x1000) is less than two pages)"),
    (invisible_table, "E_TABLE_NOT_VISIBLE (table 1 has no page view in vspace 0)"),
    (loose_table, "E_TABLE_NOT_HUNG (table 9 is installed in no L1)"),
    (
        table_with_entries,
        "E_TABLE_NOT_EMPTY (frame 9 (MEM 0x803fc000+0x4000) still has entries)",
    ),
    (table_at_a_page, "E_UNALIGNED (va 0x101000 is not a multiple of 0x100000)"),
    (table_over_page_0, "E_PAGE_ZERO (the first entry of table 10 would map page 0)"),
    (
        table_over_the_kernel,
        "E_KERNEL_SPACE (0xeff00000+0x400000 reaches the kernel at 0xf0000000)",
    ),
    (half_a_section, "E_UNALIGNED (the frame's length 0x80000 is not a multiple of 0x100000)"),
    (stranger, "E_NOT_ALLOWED (process 0 is no child or sibling of 1 and allows no process)"),
    (
        stranger_to_one_who_allows_another,
        "E_NOT_ALLOWED (process 0 is no child or sibling of 1 and allows 2)",
    ),
    (child_without_vspace, "E_NO_VSPACE (process 1 has no vspace)"),
    (created_type, "E_WRONG_TYPE (type 4 is neither IO nor MEM)"),
    (created_nowhere, "E_OUT_OF_RANGE (no memory at 0x1000+0x1000)"),
    (created_unaligned, "E_UNALIGNED (start 0x1001 is not a multiple of 0x1000)"),
    (created_with_odd_length, "E_UNALIGNED (length 0x7 is not a multiple of 0x1000)"),
    (created_over_the_kernel, "E_OVERLAP (0x80000000+0x1000 overlaps the kernel)"),
    (
        created_over_a_frame,
        "E_OVERLAP (0x44e09000+0x1000 overlaps frame 8 (IO 0x44e09000+0x1000))",
    ),
    (given_record, "E_WRONG_TYPE (frame 9 (PROC 0x803fe000+0x2000) is not MEM or IO)"),
]


@pytest.mark.parametrize(
    ("scene", "text"), SCENES, ids=lambda value: getattr(value, "__name__", "")
)
def test_the_text_of_a_refusal_that_takes_some_doing(machine, scene, text):
    machine.call(*scene(machine))
    assert str(machine.kernel.refusal) == text


def test_the_text_for_a_misaligned_l1(machine):
    block = machine.take(8, align=0x4000)
    f_id = machine.ok("frame_split", block, PAGE)
    machine.ok("frame_split", f_id, 4 * PAGE)
    machine.view(f_id, FREE_VA)
    machine.call("frame_table", f_id, TableType.L1)
    pa = machine.kernel.frames[f_id].pa
    assert str(machine.kernel.refusal) == (
        f"E_UNALIGNED (the frame's address {pa:#x} is not a multiple of 0x4000)"
    )
