"""Rules 11 and 12: processes begin, show themselves, end, and leave nothing behind."""

from __future__ import annotations

import struct

import pytest

from kernel_model.abi import (
    PROC_INFO_FIELDS,
    PROC_INFO_STRUCT,
    Error,
    FaultKind,
    FrameType,
    ProcState,
    TableType,
)
from kernel_model.calls.endings import end_process
from kernel_model.process import Exited, Faulted, Result, Start
from tests.kernel.driver import (
    CHILD_FREE_VA,
    CHILD_L1_VA,
    CODE,
    CODE_VA,
    DATA,
    DATA_VA,
    FREE_VA,
    L1,
    LOW,
    MIB,
    PAGE,
    REST,
    RO,
    ROOM,
    RW,
    SYS,
    TABLE_L2,
    UART,
    Machine,
    Vspace,
    failed,
    set_room,
)

NOBODYS = 999
VA = 0x40000000


def page_of(machine: Machine, record: int) -> dict[str, int]:
    """The information page in a process's first page."""
    data = machine.ram.read(machine.kernel.frames[record].pa, struct.calcsize(PROC_INFO_STRUCT))
    return dict(zip(PROC_INFO_FIELDS, struct.unpack(PROC_INFO_STRUCT, data), strict=True))


def running_record(machine: Machine) -> tuple[int, int, Vspace]:
    """A started child made of a frame: pid, record, vspace."""
    space = machine.vspace()
    pid, record = machine.record_child()
    machine.ok("vspace_swap", pid, space.l1)
    machine.start(pid)
    return pid, record, space


# -- proc_new of a frame ---------------------------------------------------------------------


def test_a_frame_becomes_a_process(machine):
    f_id = machine.take(2)
    machine.ram.write(machine.kernel.frames[f_id].pa, b"\xff" * 2 * PAGE)
    assert machine.ok("proc_new", f_id) == 1
    assert f_id not in machine.owned(), "its frame is its own"
    child = machine.kernel.processes[1]
    assert list(child.frames) == [f_id]
    assert machine.kernel.frames[f_id].type is FrameType.PROC
    assert child.state is ProcState.NEW
    pa = machine.kernel.frames[f_id].pa
    rest = 2 * PAGE - struct.calcsize(PROC_INFO_STRUCT)
    assert machine.ram.read(pa + 2 * PAGE - rest, rest) == bytes(rest)


def test_it_takes_no_object_from_the_pool(machine):
    f_id = machine.take(3)
    set_room(machine.kernel, machine.kernel.processes[0].charged)
    machine.ok("proc_new", f_id)


def test_the_host_learns_that_its_memory_changed(machine):
    f_id = machine.take(2)
    machine.host.forget()
    machine.ok("proc_new", f_id)
    assert (machine.kernel.frames[f_id].pa, 2 * PAGE) in machine.host.written


def test_pids_are_never_used_twice(machine):
    first = machine.child()
    machine.turn(first.pid)
    machine.blocks("exit", 0)
    second, _ = machine.record_child()
    assert (first.pid, second) == (1, 2)


def test_what_cannot_become_a_process(machine):
    machine.fails(Error.NO_FRAME, "proc_new", NOBODYS)
    machine.fails(Error.BAD_SIZE, "proc_new", machine.take(1))
    machine.fails(Error.WRONG_TYPE, "proc_new", UART)
    machine.fails(Error.MAPPED, "proc_new", DATA)
    machine.fails(Error.IS_TABLE, "proc_new", LOW)
    machine.fails(Error.IS_TABLE, "proc_new", machine.l2(2))
    machine.fails(Error.TABLE_CURRENT, "proc_new", L1)


def test_a_process_does_not_become_a_process_again(machine):
    pid, record, _ = running_record(machine)
    machine.turn(pid)
    machine.fails(Error.WRONG_TYPE, "proc_new", record)


# -- proc_new of an L1 -----------------------------------------------------------------------


def test_an_l1_becomes_a_processs_vspace(machine):
    space = machine.vspace()
    machine.host.forget()
    assert machine.ok("proc_new", space.l1) == 1
    child = machine.kernel.processes[1]
    assert child.l1 == space.l1
    assert set(child.frames) == set(space)
    assert not set(space) & set(machine.owned())
    assert machine.host.vspaces == [(1, machine.kernel.frames[space.l1].pa)]
    machine.start(1)
    machine.turn(1)
    assert machine.rights(CODE_VA) == "r-x"
    assert machine.rights(CHILD_L1_VA) == "r--"


LAST_PID = 0x3FFFFFFF
"""Bit 30 of a pid is reserved (rule 15)."""


def test_the_last_pid(machine):
    space, record, other = machine.vspace(), machine.take(2), machine.take(2)
    machine.kernel.next_pid = LAST_PID
    assert machine.ok("proc_new", record) == LAST_PID
    machine.fails(Error.NO_ID_LEFT, "proc_new", other)
    machine.fails(Error.NO_ID_LEFT, "proc_new", space.l1)


def test_the_last_pid_of_a_vspace(machine):
    space = machine.vspace()
    machine.kernel.next_pid = LAST_PID
    assert machine.ok("proc_new", space.l1) == LAST_PID
    machine.start(LAST_PID)
    machine.turn(LAST_PID)
    machine.blocks("send", 0, DATA_VA)
    assert machine.ok("recv", DATA_VA) == LAST_PID


def test_its_record_comes_from_the_pool(machine):
    space = machine.vspace()
    used = machine.kernel.processes[0].charged
    set_room(machine.kernel, used)
    machine.fails(Error.POOL_FULL, "proc_new", space.l1)
    set_room(machine.kernel, used + 1)
    machine.ok("proc_new", space.l1)
    machine.start(1)
    machine.turn(1)
    machine.blocks("exit", 0)
    assert machine.kernel.processes[0].charged == used + 1, "until its parent knows"
    assert machine.ok_or_error("recv", DATA_VA) == Error.PEER_DIED
    assert machine.kernel.processes[0].charged == used


def test_what_of_the_vspace_was_seen_outside_is_seen_no_more(machine):
    space = machine.vspace()
    machine.view(space.l1, FREE_VA)
    machine.ok("proc_new", space.l1)
    assert machine.rights(FREE_VA) == "---"
    assert machine.kernel.frames[space.l1].v_id == -1


def test_a_vspace_that_shows_anothers_record_becomes_nobodys(machine):
    pid, record, space = running_record(machine)
    spare = machine.vspace()
    machine.ok("frame_give", spare.l1, pid)
    machine.turn(pid)
    machine.view(spare.l2, CHILD_FREE_VA, RO, space.l2)
    machine.view(record, CHILD_FREE_VA, RO, spare.l2)
    machine.fails(Error.WRONG_TYPE, "proc_new", spare.l1)


# -- starting --------------------------------------------------------------------------------


def test_the_first_message_of_its_parent_starts_a_process(machine):
    child = machine.child(start=False)
    assert machine.kernel.processes[child.pid].state is ProcState.NEW
    words = (0x10001, 0x24000, 3, 0x80000004, 0xFFFFFFFF, 6)
    machine.poke(DATA_VA, struct.pack("<6I", *words))
    assert machine.ok("send", child.pid, DATA_VA) == 0
    assert machine.pid == 0, "the parent goes on"
    machine.turn(child.pid)
    assert machine.resume() == Start(*words)


def test_a_process_without_a_vspace_is_not_started(machine):
    pid, _ = machine.record_child()
    machine.fails(Error.NO_VSPACE, "send", pid, DATA_VA)
    machine.ok("vspace_swap", pid, machine.vspace().l1)
    machine.start(pid)


def test_only_the_parent_starts_it(machine):
    child, other = machine.child(start=False), machine.child()
    machine.turn(other.pid)
    machine.blocks("send", child.pid, DATA_VA)
    assert machine.kernel.processes[child.pid].state is ProcState.NEW
    machine.start(child.pid)
    machine.turn(child.pid)
    assert machine.ok("recv", DATA_VA) == other.pid


def test_the_message_that_starts_it_must_be_readable(machine):
    child = machine.child(start=False)
    machine.fails(Error.BAD_POINTER, "send", child.pid, 0)
    machine.fails(Error.BAD_POINTER, "send", child.pid, DATA_VA + 4 * PAGE - 63)


def test_a_second_message_of_the_parent_is_a_message(machine):
    child = machine.child()
    machine.blocks("send", child.pid, DATA_VA)
    assert machine.pid == child.pid


# -- the information page --------------------------------------------------------------------


def test_the_page_tells_who_the_process_is(machine):
    pid, record = machine.record_child()
    assert page_of(machine, record) == {
        "pid": pid, "parent": 0, "l1": -1, "frames": 1,
        "state": ProcState.NEW, "calls": 0, "sent": 0, "received": 0,
    }  # fmt: skip


def test_the_page_follows_the_process(machine):
    pid, record, space = running_record(machine)
    assert page_of(machine, record)["l1"] == space.l1
    assert page_of(machine, record)["frames"] == 5
    assert page_of(machine, record)["state"] == ProcState.READY
    machine.ok("frame_give", machine.take(), pid)
    assert page_of(machine, record)["frames"] == 6
    machine.turn(pid)
    machine.ok("frame_split", space.data, PAGE)
    assert page_of(machine, record)["frames"] == 7
    assert page_of(machine, record)["calls"] == 1
    machine.blocks("recv", DATA_VA)
    assert page_of(machine, record)["state"] == ProcState.RECEIVING
    assert page_of(machine, record)["calls"] == 2
    machine.ok("send", pid, DATA_VA)
    assert page_of(machine, record)["state"] == ProcState.READY
    assert page_of(machine, record)["received"] == 1
    machine.turn(pid)
    machine.blocks("send", 0, DATA_VA)
    assert page_of(machine, record)["state"] == ProcState.SENDING
    assert page_of(machine, record)["sent"] == 0
    machine.ok("recv", DATA_VA)
    assert page_of(machine, record)["sent"] == 1


def test_refused_calls_are_not_counted(machine):
    pid, record, _ = running_record(machine)
    machine.turn(pid)
    machine.fails(Error.NO_FRAME, "frame_split", NOBODYS, PAGE)
    assert page_of(machine, record)["calls"] == 0
    machine.ok("frame_count")
    assert page_of(machine, record)["calls"] == 1


def test_the_process_sees_its_page_and_cannot_write_it(machine):
    pid, record, space = running_record(machine)
    machine.turn(pid)
    for flags in (RW, RW & ~64):
        machine.fails(Error.TABLE_WRITABLE, "frame_map", space.l2, record, CHILD_FREE_VA, flags)
    machine.view(record, CHILD_FREE_VA, RO, space.l2)
    assert machine.words(CHILD_FREE_VA, 2) == (pid, 0)
    machine.ok("frame_count")
    assert machine.words(CHILD_FREE_VA, 6)[5] == page_of(machine, record)["calls"]


def test_the_host_learns_of_each_new_page(machine):
    """Whoever runs code from it must see the new one."""
    pid, record, _ = running_record(machine)
    pa = machine.kernel.frames[record].pa
    machine.turn(pid)
    machine.host.forget()
    machine.ok("frame_count")
    assert machine.host.written == [(pa, struct.calcsize(PROC_INFO_STRUCT))]


def test_a_processs_frame_is_not_pool_memory_nor_a_table(machine):
    pid, record, space = running_record(machine)
    machine.turn(pid)
    machine.fails(Error.WRONG_TYPE, "frame_pool", record)
    machine.view(record, CHILD_FREE_VA, RO, space.l2)
    machine.fails(Error.WRONG_TYPE, "frame_table", record, TableType.L2)


# -- exit (rule 12) --------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["exit", "fault"])
def test_an_ended_processs_frames_go_to_its_parent_unmapped(machine, how):
    child = machine.child()
    before = machine.owned()
    machine.turn(child.pid)
    machine.poke(DATA_VA, b"a legacy")
    machine.blocks("exit", 3) if how == "exit" else machine.crash()
    assert machine.pid == 0
    assert child.pid not in machine.kernel.processes
    assert set(machine.owned()) == {*before, *child[1:]}
    for f_id in child[1:]:
        assert machine.info(f_id)[4:] == (-1, 0, TableType.NO, -1, 0, 0)
    for table in (child.l1, child.l2):
        frame = machine.kernel.frames[table]
        assert machine.ram.read(frame.pa, frame.len) == bytes(frame.len)
    machine.view(child.data, FREE_VA)
    assert machine.peek(FREE_VA, 8) == b"a legacy"


def test_the_heir_gets_frames_in_the_order_of_the_dead(machine):
    child = machine.child()
    order = list(machine.kernel.processes[child.pid].frames)
    machine.turn(child.pid)
    machine.blocks("exit", 0)
    assert machine.owned()[-4:] == order


def test_a_record_becomes_memory_again(machine):
    pid, record, _ = running_record(machine)
    pool = machine.take()
    machine.ok("frame_pool", pool)
    machine.turn(pid)
    machine.blocks("exit", 0)
    assert machine.info(record).type == FrameType.PROC, "until its parent knows"
    assert machine.ok_or_error("recv", DATA_VA) == Error.PEER_DIED
    assert machine.info(record).type == FrameType.MEM
    assert page_of(machine, record)["state"] == ProcState.DEAD
    assert machine.kernel.processes[0].charged == len(machine.kernel.frames)


def test_pool_memory_stays_pool_memory(machine):
    child = machine.child()
    f_id = machine.take()
    machine.ok("frame_give", f_id, child.pid)
    machine.turn(child.pid)
    machine.ok("frame_pool", f_id)
    capacity = machine.kernel.processes[0].room
    machine.blocks("exit", 0)
    assert machine.info(f_id).type == FrameType.POOL
    assert machine.kernel.processes[0].room == capacity + ROOM + 64


def test_tables_and_views_of_every_shape_are_cleared(machine):
    """Tables installed and not, a table seen in itself, an L1 that is not current."""
    child, spare = machine.child(), machine.vspace()
    loose, page = machine.l2(), machine.take()
    machine.ok("frame_map", L1, loose, VA, TABLE_L2)
    machine.view(page, VA + PAGE, RW, loose)
    for root in (spare.l1, loose):
        machine.ok("frame_give", root, child.pid)
    machine.turn(child.pid)
    machine.blocks("exit", 0)
    for f_id in (*child[1:], *spare, loose, page):
        assert machine.info(f_id)[4:] == (-1, 0, TableType.NO, -1, 0, 0)


def test_the_host_learns_that_the_dead_ones_translations_are_gone(machine):
    child = machine.child()
    machine.turn(child.pid)
    pa = machine.info(child.l1).pa
    machine.host.forget()
    machine.blocks("exit", 0)
    assert (pa, 0, 4 * MIB, True) in machine.host.changed


def family(machine: Machine) -> tuple[int, int, int]:
    """proc0's child, its child, and its child's child: each made of frames that were given."""
    child = machine.child()
    spaces = [machine.vspace(), machine.vspace()]
    for space in spaces:
        machine.ok("frame_give", space.l1, child.pid)
    machine.turn(child.pid)
    second = machine.ok("proc_new", spaces[0].l1)
    machine.ok("frame_give", spaces[1].l1, second)
    machine.ok("pool_give", second, 4)
    machine.start(second)
    machine.turn(second)
    third = machine.ok("proc_new", spaces[1].l1)
    machine.start(third)
    return child.pid, second, third


def test_children_are_adopted_by_proc0(machine):
    first, second, third = family(machine)
    machine.turn(second)
    machine.blocks("exit", 0)
    assert machine.kernel.processes[third].parent == 0
    assert machine.kernel.processes[first].parent == 0


def test_an_orphans_frames_go_to_proc0(machine):
    first, second, third = family(machine)
    machine.turn(second)
    machine.blocks("exit", 0)
    frames = set(machine.kernel.processes[third].frames)
    machine.turn(third)
    machine.blocks("exit", 0)
    machine.turn(0)
    assert frames <= set(machine.owned())
    assert not frames & set(machine.kernel.processes[first].frames)


def test_frames_go_to_the_parent_and_not_to_proc0_while_it_lives(machine):
    first, second, _ = family(machine)
    frames = set(machine.kernel.processes[second].frames)
    machine.turn(second)
    machine.blocks("exit", 0)
    assert frames <= set(machine.kernel.processes[first].frames)


def test_an_orphans_page_tells_of_its_new_parent(machine):
    pid, _, _ = running_record(machine)
    grandchild = machine.take(2)
    machine.ok("frame_give", grandchild, pid)
    machine.turn(pid)
    child = machine.ok("proc_new", grandchild)
    assert page_of(machine, grandchild)["parent"] == pid
    machine.blocks("exit", 0)
    assert machine.kernel.processes[child].parent == 0
    assert page_of(machine, grandchild)["parent"] == 0


def test_an_heirs_page_counts_what_it_inherits(machine):
    pid, record, _ = running_record(machine)
    space = machine.vspace()
    machine.ok("frame_give", space.l1, pid)
    machine.turn(pid)
    child = machine.ok("proc_new", space.l1)
    machine.start(child)
    assert page_of(machine, record)["frames"] == 5
    machine.turn(child)
    machine.blocks("exit", 0)
    assert page_of(machine, record)["frames"] == 9


def test_a_new_orphan_is_started_by_proc0(machine):
    child = machine.child()
    space = machine.vspace()
    machine.ok("frame_give", space.l1, child.pid)
    machine.turn(child.pid)
    new = machine.ok("proc_new", space.l1)
    machine.blocks("exit", 0)
    machine.start(new)
    machine.turn(new)


def test_whoever_allowed_the_dead_allows_nobody(machine):
    child = machine.child()
    machine.ok("frame_allow", child.pid)
    machine.turn(child.pid)
    machine.blocks("exit", 0)
    assert machine.kernel.processes[0].allowed == -1


def test_whoever_allowed_another_still_does(machine):
    child, other = machine.child(), machine.child()
    machine.ok("frame_allow", other.pid)
    machine.turn(child.pid)
    machine.blocks("exit", 0)
    assert machine.kernel.processes[0].allowed == other.pid


@pytest.mark.parametrize("status", [0, 7, -1])
def test_when_proc0_exits_the_machine_stops_with_its_status(machine, status):
    machine.child()
    assert machine.call("exit", status) is None
    assert machine.kernel.halted == Exited(status)
    assert machine.kernel.running == [None]
    assert not machine.kernel.ready


def test_when_proc0_faults_the_machine_stops(machine):
    machine.crash()
    assert machine.kernel.halted == Faulted("in a test", FaultKind.UNDEFINED_INSTRUCTION)


def test_a_childs_end_does_not_stop_the_machine(machine):
    child = machine.child()
    machine.turn(child.pid)
    machine.blocks("exit", 5)
    assert machine.kernel.halted is None


def test_nobody_ends_twice(machine):
    child = machine.child()
    process = machine.kernel.processes[child.pid]
    machine.turn(child.pid)
    machine.crash()
    with pytest.raises(AssertionError, match="end_process: process 1 has ended already"):
        end_process(machine.kernel, process, Exited(0))


# -- ending one that does not run ------------------------------------------------------------


def end(machine: Machine, pid: int) -> None:
    end_process(machine.kernel, machine.kernel.processes[pid], Exited(0))
    machine.check()


def everything(machine: Machine) -> int:
    return sum(frame.len for frame in machine.kernel.frames.values() if frame.owner == 0)


@pytest.mark.parametrize("start", [True, False], ids=["ready", "new"])
def test_ending_one_whose_turn_has_not_come(machine, start):
    before = everything(machine)
    child = machine.child(start)
    end(machine, child.pid)
    assert machine.pid == 0
    assert not machine.kernel.ready
    assert everything(machine) == before
    machine.fails(Error.NO_PROCESS, "send", child.pid, DATA_VA)


def test_ending_one_that_has_no_vspace_yet(machine):
    pid, record = machine.record_child()
    end(machine, pid)
    assert machine.info(record).type == FrameType.PROC
    assert machine.ok_or_error("recv", DATA_VA) == Error.PEER_DIED
    assert machine.info(record).type == FrameType.MEM


def test_ending_one_that_sends(machine):
    sender, receiver = machine.child(), machine.child()
    machine.turn(sender.pid)
    machine.blocks("send", receiver.pid, DATA_VA)
    machine.turn(0)
    end(machine, sender.pid)
    machine.turn(receiver.pid)
    machine.blocks("recv", DATA_VA)


def test_ending_one_that_receives(machine):
    child = machine.child()
    machine.turn(child.pid)
    machine.blocks("recv", DATA_VA)
    end(machine, child.pid)
    machine.fails(Error.NO_PROCESS, "send", child.pid, DATA_VA)


def test_ending_one_that_others_send_to(machine):
    child, other = machine.child(), machine.child()
    machine.blocks("send", child.pid, DATA_VA)
    machine.turn(other.pid)
    end(machine, child.pid)
    machine.turn(0)
    assert machine.resume() == failed(Error.PEER_DIED)


def test_ending_proc0_while_it_waits(machine):
    child = machine.child()
    machine.blocks("send", child.pid, DATA_VA)
    end(machine, 0)
    assert machine.kernel.halted == Exited(0)
    assert machine.kernel.running == [None]


# -- blocked peers ---------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["exit", "fault"])
def test_whoever_sends_to_the_dead_gets_an_error(machine, how):
    child, other = machine.child(), machine.child()
    machine.turn(other.pid)
    machine.blocks("send", child.pid, DATA_VA)
    machine.turn(0)
    machine.blocks("send", child.pid, DATA_VA)
    machine.blocks("exit", 0) if how == "exit" else machine.crash()
    for pid in (0, other.pid):
        machine.turn(pid)
        assert machine.resume() == failed(Error.PEER_DIED)
        assert machine.current.partner == -1
    machine.fails(Error.NO_PROCESS, "send", child.pid, DATA_VA)


def test_a_parent_that_waits_for_a_message_learns_of_its_childs_end(machine):
    machine.child()
    machine.blocks("recv", DATA_VA)
    machine.blocks("exit", 0)
    assert machine.pid == 0
    assert machine.resume() == Result(Error.PEER_DIED)


def test_others_that_wait_for_a_message_go_on_waiting(machine):
    child, sibling = machine.child(), machine.child()
    machine.turn(sibling.pid)
    machine.blocks("recv", DATA_VA)
    machine.turn(child.pid)
    machine.blocks("exit", 0)
    assert machine.kernel.processes[sibling.pid].state is ProcState.RECEIVING


def test_a_blocked_heirs_page_says_it_runs_again(machine):
    pid, record, _ = running_record(machine)
    space = machine.vspace()
    machine.ok("frame_give", space.l1, pid)
    machine.turn(pid)
    child = machine.ok("proc_new", space.l1)
    machine.start(child)
    machine.blocks("recv", DATA_VA)
    machine.turn(child)
    machine.blocks("exit", 0)
    assert page_of(machine, record)["state"] == ProcState.READY


def test_codes_and_rest_are_where_they_were(machine):
    """A child's life leaves proc0's own frames alone."""
    before = [machine.info(f_id) for f_id in (L1, LOW, SYS, CODE, DATA)]
    child = machine.child()
    machine.turn(child.pid)
    machine.blocks("exit", 0)
    assert [machine.info(f_id) for f_id in (L1, LOW, SYS, CODE, DATA)] == before
    assert machine.info(REST).type == FrameType.MEM
