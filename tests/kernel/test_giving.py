"""Rules 9 and 10: frames and vspaces change hands with all that is mapped in them."""

from __future__ import annotations

import pytest

from kernel_model.abi import Error, FrameType, TableType
from kernel_model.process import Process
from tests.kernel.driver import (
    CHILD_FREE_VA,
    CHILD_L1_VA,
    CHILD_L2_VA,
    CODE,
    CODE_VA,
    DATA,
    DATA_VA,
    FREE_VA,
    L1,
    LOW,
    MIB,
    PAGE,
    PAGE_KIND,
    REST,
    RO,
    RW,
    RX,
    SECTION,
    SYS,
    TABLE_L2,
    UART,
    Child,
    Machine,
)

NOBODY, NOBODYS = 77, 999
VA = 0x40000000


@pytest.fixture
def children(machine) -> tuple[Machine, Child, Child]:
    """proc0 running, with two started children."""
    return machine, machine.child(), machine.child()


def process(machine: Machine, pid: int) -> Process:
    return machine.kernel.processes[pid]


def frames_of(machine: Machine, pid: int) -> list[int]:
    return list(process(machine, pid).frames)


# -- to whom ---------------------------------------------------------------------------------


def test_to_ones_child(children):
    machine, child, _ = children
    f_id = machine.take()
    assert machine.ok("frame_give", f_id, child.pid) == f_id
    assert frames_of(machine, child.pid)[-1] == f_id
    assert f_id not in machine.owned()
    machine.fails(Error.NO_FRAME, "frame_give", f_id, child.pid)


def test_to_ones_sibling(children):
    machine, first, second = children
    machine.turn(first.pid)
    machine.ok("frame_give", first.data, second.pid)
    machine.turn(second.pid)
    assert machine.owned()[-1] == first.data


def test_not_to_ones_parent_unless_it_allows(children):
    machine, child, other = children
    machine.turn(child.pid)
    machine.fails(Error.NOT_ALLOWED, "frame_give", child.code, 0)
    machine.turn(0)
    machine.ok("frame_allow", other.pid)
    machine.turn(child.pid)
    machine.fails(Error.NOT_ALLOWED, "frame_give", child.code, 0)
    machine.turn(0)
    machine.ok("frame_allow", child.pid)
    machine.turn(child.pid)
    machine.ok("frame_give", child.code, 0)
    machine.turn(0)
    assert machine.owned()[-1] == child.code


def test_one_pid_at_a_time_and_minus_one_clears(children):
    machine, first, second = children
    machine.ok("frame_allow", first.pid)
    machine.ok("frame_allow", second.pid)
    machine.turn(first.pid)
    machine.fails(Error.NOT_ALLOWED, "frame_give", first.code, 0)
    machine.turn(0)
    assert machine.ok("frame_allow", -1) == 0
    machine.turn(second.pid)
    machine.fails(Error.NOT_ALLOWED, "frame_give", second.code, 0)


def grandchild(machine: Machine, child: Child) -> int:
    """A child of a child: made of a frame that proc0 gave."""
    f_id = machine.take(2)
    machine.ok("frame_give", f_id, child.pid)
    machine.turn(child.pid)
    return machine.ok("proc_new", f_id)


def test_not_to_ones_grandchild_nor_ones_nephew_nor_ones_uncle(children):
    machine, child, other = children
    nephew = grandchild(machine, child)
    machine.ok("frame_give", child.data, nephew)
    machine.turn(other.pid)
    machine.fails(Error.NOT_ALLOWED, "frame_give", other.code, nephew)
    machine.turn(0)
    machine.fails(Error.NOT_ALLOWED, "frame_give", REST, nephew)


def test_not_to_oneself_and_not_to_nobody(machine):
    machine.fails(Error.TO_SELF, "frame_give", REST, 0)
    for pid in (NOBODY, -1, 1, -(1 << 31)):
        machine.fails(Error.NO_PROCESS, "frame_give", REST, pid)


def test_an_orphan_is_proc0s_child_and_nobodys_new_sibling(children):
    machine, child, other = children
    orphan = grandchild(machine, child)
    machine.blocks("exit", 0)
    machine.turn(other.pid)
    machine.fails(Error.NOT_ALLOWED, "frame_give", other.data, orphan)
    machine.turn(0)
    machine.ok("frame_give", REST, orphan)


def test_allowing(children):
    machine, child, _ = children
    machine.fails(Error.TO_SELF, "frame_allow", 0)
    machine.fails(Error.NO_PROCESS, "frame_allow", NOBODY)
    machine.fails(Error.NO_PROCESS, "frame_allow", -2)
    machine.ok("frame_allow", child.pid)
    machine.turn(child.pid)
    machine.ok("frame_allow", 0)
    assert process(machine, 0).allowed == child.pid
    assert process(machine, child.pid).allowed == 0


# -- single frames ---------------------------------------------------------------------------


def test_giving_takes_the_page_view_out_of_the_givers_vspace(children):
    machine, child, _ = children
    machine.poke(DATA_VA, b"x")
    f_id = machine.take()
    machine.view(f_id, FREE_VA, RW)
    machine.poke(FREE_VA, b"a gift")
    machine.ok("frame_give", f_id, child.pid)
    assert machine.rights(FREE_VA) == "---"
    machine.turn(child.pid)
    assert machine.info(f_id)[7:] == (-1, 0, 0)
    machine.view(f_id, CHILD_FREE_VA, RO, child.l2)
    assert machine.peek(CHILD_FREE_VA, 6) == b"a gift"


def test_giving_takes_a_section_view_too(machine):
    machine = Machine(size=8 * MIB)
    child = machine.child()
    f_id = machine.take(256, align=MIB)
    machine.ok("frame_map", L1, f_id, VA, RW | SECTION)
    machine.ok("frame_give", f_id, child.pid)
    assert machine.rights(VA) == "---"


def test_devices_may_be_given(children):
    machine, child, _ = children
    machine.ok("frame_give", UART, child.pid)
    machine.turn(child.pid)
    assert machine.info(UART).type == FrameType.IO


def test_process_and_pool_frames_are_not_given(children):
    machine, child, _ = children
    pool = machine.take()
    machine.ok("frame_pool", pool)
    machine.fails(Error.WRONG_TYPE, "frame_give", pool, child.pid)
    space = machine.vspace()
    pid, record = machine.record_child()
    machine.ok("vspace_swap", pid, space.l1)
    machine.start(pid)
    machine.turn(pid)
    machine.fails(Error.WRONG_TYPE, "frame_give", record, child.pid)


def test_nobodys_frame_is_not_given(children):
    machine, child, other = children
    machine.fails(Error.NO_FRAME, "frame_give", NOBODYS, child.pid)
    machine.fails(Error.NO_FRAME, "frame_give", other.data, child.pid)


# -- trees -----------------------------------------------------------------------------------


def test_an_l2_given_alone_leaves_its_l1_and_keeps_its_pages(children):
    machine, child, _ = children
    l2, page = machine.l2(), machine.take()
    machine.ok("frame_map", L1, l2, VA, TABLE_L2)
    machine.view(page, VA + 3 * PAGE, RW, l2)
    machine.poke(VA + 3 * PAGE, b"inside")
    machine.ok("frame_give", l2, child.pid)
    assert machine.rights(VA + 3 * PAGE) == "---"
    assert frames_of(machine, child.pid)[-2:] == [l2, page]
    machine.turn(child.pid)
    assert machine.info(l2)[4:] == (-1, 0, TableType.L2, -1, 0, 0)
    assert machine.info(page)[7:] == (l2, 3 * PAGE, RW)
    machine.ok("frame_map", child.l1, l2, 0x50000000, TABLE_L2)
    assert machine.peek(0x50000000 + 3 * PAGE, 6) == b"inside"


def test_an_l1_is_given_with_all_beneath_it(children):
    machine, child, _ = children
    space = machine.vspace()
    machine.ok("frame_give", space.l1, child.pid)
    assert set(frames_of(machine, child.pid)[-4:]) == set(space)
    assert frames_of(machine, child.pid)[-4] == space.l1, "the root comes first"
    machine.turn(child.pid)
    assert machine.info(space.l2)[4:9] == (space.l1, 0, TableType.L2 | 1, space.l2, CHILD_L2_VA)
    assert machine.info(space.code)[7:] == (space.l2, CODE_VA, RX)
    assert machine.info(space.l1)[4:8] == (-1, 0, TableType.L1, space.l2)
    machine.ok("vspace_swap", child.pid, space.l1)
    assert machine.rights(DATA_VA) == "rw-"


def test_an_l1_with_sections_takes_them_along():
    machine = Machine(size=8 * MIB)
    child = machine.child()
    l1, f_id = machine.l1(), machine.take(256, align=MIB)
    machine.ok("frame_map", l1, f_id, VA, RW | SECTION)
    machine.ok("frame_give", l1, child.pid)
    machine.turn(child.pid)
    assert machine.info(f_id)[7:] == (l1, VA, RW | SECTION)


def test_what_travels_is_unviewed_outside_first(children):
    """The L1 and its L2 are visible to the giver; a page of the L2 is not viewed elsewhere."""
    machine, child, _ = children
    l1, l2, page = machine.l1(), machine.l2(), machine.take()
    machine.ok("frame_map", l1, l2, VA, TABLE_L2)
    machine.view(page, VA, RO, l2)
    l1_va, l2_va = machine.info(l1).v_va, machine.info(l2).v_va
    machine.ok("frame_give", l1, child.pid)
    assert machine.rights(l1_va) == machine.rights(l2_va) == "---"
    machine.turn(child.pid)
    assert machine.info(l1).v_id == machine.info(l2).v_id == -1
    assert machine.info(page).v_id == l2


def test_a_table_viewed_in_the_tree_comes_along_and_leaves_the_l1_it_is_installed_in(children):
    """`inner` is installed in proc0's L1 and viewed in `outer`: all that `outer` maps goes."""
    machine, child, _ = children
    outer, inner, page = machine.l2(), machine.l2(), machine.take()
    machine.ok("frame_map", L1, outer, VA, TABLE_L2)
    machine.ok("frame_map", L1, inner, 0x50000000, TABLE_L2)
    machine.view(page, 0x50000000 + PAGE, RW, inner)
    machine.view(inner, VA, RO, outer)
    machine.ok("frame_give", outer, child.pid)
    assert machine.rights(0x50000000 + PAGE) == "---"
    assert set(frames_of(machine, child.pid)[-3:]) == {outer, inner, page}
    machine.turn(child.pid)
    assert machine.info(inner)[4:9] == (-1, 0, TableType.L2, outer, 0)
    assert machine.info(page)[7:] == (inner, PAGE, RW)


def test_a_table_viewed_in_itself_is_given_once(children):
    machine, child, _ = children
    l2 = machine.l2()
    machine.ok("frame_map", L1, l2, VA, TABLE_L2)
    machine.view(l2, VA + PAGE, RO, l2)
    machine.ok("frame_give", l2, child.pid)
    assert frames_of(machine, child.pid)[-1] == l2
    machine.turn(child.pid)
    assert machine.info(l2)[7:9] == (l2, PAGE)


def test_a_current_vspace_cannot_be_given(children):
    machine, child, _ = children
    machine.fails(Error.TABLE_CURRENT, "frame_give", L1, child.pid)
    machine.turn(child.pid)
    machine.fails(Error.TABLE_CURRENT, "frame_give", child.l1, 2)


def test_a_tree_that_holds_a_current_vspace_cannot_be_given(children):
    """SYS shows proc0's L1: what is mapped in SYS would go with it."""
    machine, child, _ = children
    machine.fails(Error.TABLE_CURRENT, "frame_give", SYS, child.pid)
    machine.turn(child.pid)
    machine.fails(Error.TABLE_CURRENT, "frame_give", child.l2, 2)


def test_a_tree_that_holds_a_processs_own_frame_cannot_be_given(machine):
    space = machine.vspace()
    pid, record = machine.record_child()
    sibling = machine.child()
    machine.ok("vspace_swap", pid, space.l1)
    machine.start(pid)
    machine.turn(pid)
    machine.view(record, CHILD_FREE_VA, RO, space.l2)
    machine.view(space.l1, CHILD_FREE_VA + 4 * PAGE, RO, space.l2)
    machine.fails(Error.TABLE_CURRENT, "frame_give", space.l1, sibling.pid)
    machine.ok("frame_unmap", space.l1, PAGE_KIND)
    machine.fails(Error.WRONG_TYPE, "frame_give", space.l2, sibling.pid)
    machine.ok("frame_unmap", record, PAGE_KIND)
    machine.ok("frame_give", space.l2, sibling.pid)


def test_giving_away_the_code_one_runs(children):
    machine, child, _ = children
    machine.ok("frame_give", LOW, child.pid)
    assert machine.rights(CODE_VA) == "---"
    assert {CODE, DATA} <= set(frames_of(machine, child.pid))


def test_the_host_learns_what_giving_unmapped(children):
    machine, child, _ = children
    f_id, l1_pa = machine.take(2), machine.info(L1).pa
    machine.view(f_id, FREE_VA, RW)
    machine.host.forget()
    machine.ok("frame_give", f_id, child.pid)
    assert machine.host.changed == [(l1_pa, FREE_VA, 2 * PAGE, True)]


# -- vspace_swap (rule 10) -------------------------------------------------------------------


def test_swapping_ones_own_vspace(machine):
    space = machine.vspace()
    machine.host.forget()
    assert machine.ok("vspace_swap", 0, space.l1) == 0
    assert machine.host.vspaces == [(0, machine.kernel.frames[space.l1].pa)]
    assert machine.ok("vspace_id") == space.l1
    assert machine.pa(CODE_VA) == machine.info(space.code).pa
    assert machine.rights(CHILD_L1_VA) == "r--"
    assert machine.info(space.l1).t_flags == TableType.L1 | 1
    assert machine.info(L1).t_flags == TableType.L1, "it stays with the process, not current"
    machine.ok("vspace_swap", 0, L1)
    assert machine.pa(CODE_VA) == machine.info(CODE).pa


def test_the_vspace_one_lives_in_may_be_swapped_in_again(machine):
    machine.ok("vspace_swap", 0, L1)
    assert machine.ok("vspace_id") == L1


def test_the_old_vspace_may_then_be_given_away(machine):
    child, space = machine.child(), machine.vspace()
    machine.ok("vspace_swap", 0, space.l1)
    machine.ok("frame_give", L1, child.pid)
    assert {L1, LOW, SYS, CODE, DATA} <= set(frames_of(machine, child.pid))


def test_only_an_l1_of_the_callers_is_a_vspace(children):
    machine, child, _ = children
    for pid in (0, child.pid):
        machine.fails(Error.NOT_TABLE, "vspace_swap", pid, LOW)
        machine.fails(Error.NOT_TABLE, "vspace_swap", pid, DATA)
        machine.fails(Error.NO_FRAME, "vspace_swap", pid, NOBODYS)
        machine.fails(Error.NO_FRAME, "vspace_swap", pid, child.l1)


def test_giving_a_vspace_to_another_process(children):
    machine, child, _ = children
    space = machine.vspace()
    machine.host.forget()
    assert machine.ok("vspace_swap", child.pid, space.l1) == 0
    assert machine.host.vspaces == [(child.pid, machine.kernel.frames[space.l1].pa)]
    assert not set(space) & set(machine.owned())
    machine.turn(child.pid)
    assert machine.ok("vspace_id") == space.l1
    assert machine.pa(CODE_VA) == machine.info(space.code).pa
    assert machine.info(child.l1).t_flags == TableType.L1, "the old one stays with it"
    machine.ok("vspace_swap", child.pid, child.l1)
    assert machine.pa(CODE_VA) == machine.info(child.code).pa


def test_orphans_of_one_maker_stay_siblings(machine):
    child = machine.child()
    for _ in range(2):
        machine.ok("frame_give", machine.take(4), child.pid)
    machine.turn(child.pid)
    first, second = (machine.ok("proc_new", f_id) for f_id in machine.owned()[-2:])
    machine.blocks("exit", 0)
    machine.turn(0)
    space = machine.vspace()
    machine.ok("vspace_swap", first, space.l1)
    machine.start(first)
    machine.turn(first)
    machine.ok("frame_give", space.data, second)


def test_another_vspace_only_to_ones_own_child(children):
    machine, child, other = children
    machine.fails(Error.NO_PROCESS, "vspace_swap", NOBODY, L1)
    space = machine.vspace()
    nephew = grandchild(machine, child)
    machine.turn(0)
    machine.fails(Error.NOT_ALLOWED, "vspace_swap", nephew, space.l1)
    machine.ok("frame_give", space.l1, other.pid)
    machine.turn(other.pid)
    machine.fails(Error.NOT_ALLOWED, "vspace_swap", 0, space.l1)
    machine.fails(Error.NOT_ALLOWED, "vspace_swap", nephew, space.l1)
    machine.fails(Error.NOT_ALLOWED, "vspace_swap", child.pid, space.l1)
    machine.turn(0)
    machine.ok("frame_allow", other.pid)
    machine.turn(other.pid)
    machine.fails(Error.NOT_ALLOWED, "vspace_swap", 0, space.l1)


def test_who_adopts_a_process_controls_it(children):
    machine, child, _ = children
    orphan = grandchild(machine, child)
    machine.turn(0)
    space = machine.vspace()
    machine.fails(Error.NOT_ALLOWED, "vspace_swap", orphan, space.l1)
    machine.turn(child.pid)
    machine.blocks("exit", 0)
    machine.turn(0)
    machine.ok("vspace_swap", orphan, space.l1)


def test_ones_current_vspace_is_not_made_anothers(children):
    machine, child, _ = children
    machine.fails(Error.TABLE_CURRENT, "vspace_swap", child.pid, L1)


def test_a_vspace_that_shows_a_process_its_own_frame_is_not_made_anothers(machine):
    space = machine.vspace()
    pid, record = machine.record_child()
    spare, second_record = machine.vspace(), machine.take(2)
    machine.ok("frame_give", spare.l1, pid)
    machine.ok("frame_give", second_record, pid)
    machine.ok("vspace_swap", pid, space.l1)
    machine.start(pid)
    machine.turn(pid)
    machine.view(spare.l2, CHILD_FREE_VA, RO, space.l2)
    machine.view(record, CHILD_FREE_VA, RO, spare.l2)
    child = machine.ok("proc_new", second_record)
    machine.fails(Error.WRONG_TYPE, "vspace_swap", child, spare.l1)
