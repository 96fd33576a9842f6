"""Rule 12: deaths are told once each, ``proc_end``, and who ends with whom."""

from __future__ import annotations

import struct
from dataclasses import fields
from typing import Final

import pytest

from kernel_model.abi import DeathHow, Error, FaultKind, FrameType
from kernel_model.frame import Frame
from kernel_model.process import Process, Result
from tests.kernel.driver import (
    CHILD_FREE_VA,
    DATA_VA,
    PAGE,
    RO,
    RX,
    Child,
    Machine,
    Vspace,
    failed,
)

NOBODY = 999
DIED = Error.PEER_DIED
TO_VA = DATA_VA + 0x200


def death(machine: Machine, at: int = TO_VA) -> tuple[int, ...]:
    """``recv`` tells of a death: pid, how, status."""
    assert machine.ok_or_error("recv", at) == DIED
    return told(machine, at)


def told(machine: Machine, at: int = TO_VA) -> tuple[int, ...]:
    data = machine.peek(at, 64)
    assert data[12:] == bytes(52)
    return struct.unpack("<iIi", data[:12])


def ends(machine: Machine, pid: int, status: int = 0) -> None:
    machine.turn(pid)
    machine.blocks("exit", status)


@pytest.fixture
def trio() -> tuple[Machine, Child, Child]:
    machine = Machine()
    return machine, machine.child(), machine.child()


def test_a_parent_is_told_once_of_each_end_in_their_order_before_any_message(trio):
    machine, first, second = trio
    third = machine.child()
    machine.turn(third.pid)
    machine.blocks("send", 0, DATA_VA)
    ends(machine, second.pid, 7)
    machine.turn(first.pid)
    machine.crash()
    assert death(machine) == (second.pid, DeathHow.EXITED, 7)
    assert death(machine) == (first.pid, DeathHow.FAULTED, FaultKind.UNDEFINED_INSTRUCTION)
    assert machine.ok("recv", TO_VA) == third.pid


def test_a_parent_that_waits_is_told_at_once(trio):
    machine, first, second = trio
    machine.blocks("recv", TO_VA)
    machine.turn(first.pid)
    machine.blocks("exit", -5)
    machine.turn(0)
    assert machine.resume() == Result(DIED)
    assert told(machine) == (first.pid, DeathHow.EXITED, -5)
    ends(machine, second.pid)
    assert death(machine)[0] == second.pid
    assert machine.kernel.processes[0].deaths == ()


def test_a_parent_whose_buffer_is_gone_is_told_later(machine):
    """It waits in a vspace that its own parent then swaps for one without a buffer."""
    parent = machine.child()
    space, spare = machine.vspace(), machine.vspace()
    machine.ok("frame_give", space.l1, parent.pid)
    machine.view(spare.l2, machine.fresh_va(PAGE))
    machine.view(spare.data, DATA_VA, RO, spare.l2)
    machine.turn(parent.pid)
    child = machine.ok("proc_new", space.l1)
    machine.start(child)
    machine.blocks("recv", TO_VA)
    machine.turn(0)
    machine.ok("vspace_swap", parent.pid, spare.l1)
    machine.turn(child)
    machine.blocks("exit", 3)
    machine.turn(parent.pid)
    assert machine.resume() == failed(Error.BAD_POINTER)
    machine.ok("vspace_swap", parent.pid, parent.l1)
    assert death(machine) == (child, DeathHow.EXITED, 3)


def test_until_then_a_record_stays_taken(trio):
    machine, first, _ = trio
    charged = machine.kernel.processes[0].charged
    ends(machine, first.pid)
    machine.turn(0)
    assert machine.kernel.processes[0].charged == charged
    death(machine)
    assert machine.kernel.processes[0].charged == charged - 1


def started_record(machine: Machine) -> tuple[int, int]:
    space = machine.vspace()
    pid, record = machine.record_child()
    machine.ok("vspace_swap", pid, space.l1)
    machine.start(pid)
    return pid, record


def test_until_then_a_proc_frame_stays_one(machine):
    pid, record = started_record(machine)
    ends(machine, pid)
    assert record in machine.owned()
    machine.fails(Error.WRONG_TYPE, "frame_split", record, PAGE)
    va = machine.view(record, machine.fresh_va(2 * PAGE), RX)
    assert machine.rights(va) == "r--", "nobody executes a process's frame"
    assert machine.rights(va + PAGE) == "---", "beyond the first page it is the kernel's"
    death(machine)
    assert machine.info(record).type == FrameType.MEM
    assert machine.rights(va) == "---", "the view showed one page of it alone"


def test_who_adopts_is_not_told(machine):
    child = machine.child()
    space = machine.vspace()
    machine.ok("frame_give", space.l1, child.pid)
    machine.turn(child.pid)
    orphan = machine.ok("proc_new", space.l1)
    machine.start(orphan)
    machine.blocks("exit", 0)
    charged = machine.kernel.processes[0].charged
    ends(machine, orphan)
    assert machine.kernel.processes[0].charged == charged - 1
    assert death(machine)[0] == child.pid
    assert machine.kernel.processes[0].deaths == ()


def test_what_a_process_was_not_told_nobody_is(machine):
    parent = machine.child()
    space, record = machine.vspace(), machine.take(2)
    machine.ok("frame_give", space.l1, parent.pid)
    machine.ok("frame_give", record, parent.pid)
    machine.ok("frame_give", machine.vspace().l1, parent.pid)
    machine.turn(parent.pid)
    child, other = machine.ok("proc_new", space.l1), machine.ok("proc_new", record)
    machine.start(child)
    machine.ok("vspace_swap", other, machine.owned()[-4])
    machine.start(other)
    ends(machine, child)
    machine.turn(other)
    machine.blocks("exit", 0)
    machine.turn(parent.pid)
    assert len(machine.current.deaths) == 2
    machine.blocks("exit", 0)
    machine.turn(0)
    assert machine.info(record).type == FrameType.MEM
    assert death(machine)[0] == parent.pid
    assert machine.kernel.processes[0].charged == len(machine.kernel.frames)


# -- proc_end --------------------------------------------------------------------------------


def test_a_parent_ends_a_child_whatever_it_does_and_is_not_told(trio):
    machine, first, second = trio
    machine.turn(first.pid)
    machine.blocks("send", second.pid, DATA_VA)
    machine.turn(second.pid)
    machine.blocks("send", 0, DATA_VA)
    machine.turn(0)
    charged = machine.kernel.processes[0].charged
    assert machine.ok("proc_end", first.pid, 9) == 0
    assert machine.ok("proc_end", second.pid, 9) == 0
    assert set(first[1:]) | set(second[1:]) <= set(machine.owned())
    assert machine.kernel.processes[0].charged == charged - 2
    assert machine.kernel.processes[0].deaths == ()
    machine.fails(Error.NO_PROCESS, "proc_end", first.pid, 0)


def test_one_that_has_not_started(machine):
    pid, record = machine.record_child()
    machine.ok("proc_end", pid, 0)
    assert machine.info(record).type == FrameType.MEM


def test_only_a_child_of_ones_own(trio):
    machine, first, second = trio
    machine.fails(Error.NO_PROCESS, "proc_end", NOBODY, 0)
    machine.fails(Error.NOT_ALLOWED, "proc_end", 0, 0)
    machine.turn(first.pid)
    for pid in (0, first.pid, second.pid):
        machine.fails(Error.NOT_ALLOWED, "proc_end", pid, 0)
    machine.ok("frame_allow", 0)
    machine.turn(0)
    machine.ok("frame_allow", first.pid)
    machine.turn(first.pid)
    machine.fails(Error.NOT_ALLOWED, "proc_end", 0, 0)


def test_an_orphan_by_who_adopted_it(machine):
    child = machine.child()
    record = machine.take(2)
    machine.ok("frame_give", record, child.pid)
    machine.turn(child.pid)
    orphan = machine.ok("proc_new", record)
    machine.turn(0)
    machine.fails(Error.NOT_ALLOWED, "proc_end", orphan, 0)
    ends(machine, child.pid)
    machine.ok("proc_end", orphan, 0)


def test_others_that_wait_for_it_get_an_error(trio):
    machine, first, second = trio
    machine.turn(second.pid)
    machine.blocks("send", first.pid, DATA_VA)
    machine.turn(0)
    machine.ok("proc_end", first.pid, 0)
    machine.turn(second.pid)
    assert machine.resume() == failed(DIED)


NAMING: Final = {
    Process: {"parent", "allowed", "handler", "account", "partner", "senders"},
    Frame: {"owner", "account", "users"},
}
"""Fields that name processes; ``maker`` goes on naming the one that made it."""

OTHER: Final = {
    Process: {"pid", "maker", "record", "state", "l1", "room", "charged", "deaths", "frames",
              "message", "buffer", "wanted", "fault", "resume", "thread_pointer", "calls", "sent",
              "received"},
    Frame: {"f_id", "type", "pa", "len", "table", "t_id", "t_va", "installed", "v_id", "v_off",
            "v_flags", "views"},
}  # fmt: skip


@pytest.mark.parametrize("way", ["exit", "crash", "proc_end"])
def test_no_field_goes_on_naming_a_process_that_has_ended(trio, way):
    machine, first, second = trio
    record = machine.take(2)
    machine.ok("frame_give", record, first.pid)
    machine.turn(first.pid)
    orphan = machine.ok("proc_new", record)
    machine.ok("frame_split", first.data, PAGE)
    machine.turn(second.pid)
    for call in ("frame_allow", "fault_handler"):
        machine.ok(call, first.pid)
    machine.blocks("send", first.pid, DATA_VA)
    machine.turn(0)
    for call in ("frame_allow", "fault_handler"):
        machine.ok(call, first.pid)
    if way == "proc_end":
        machine.ok("proc_end", first.pid, 0)
    else:
        machine.turn(first.pid)
        machine.crash() if way == "crash" else machine.blocks("exit", 0)
    kernel = machine.kernel
    assert first.pid not in kernel.processes
    assert kernel.processes[orphan].parent == 0
    for one in (*kernel.processes.values(), *kernel.frames.values()):
        names = {field.name for field in fields(one)}
        assert names == NAMING[type(one)] | OTHER[type(one)], "a new field: does it name processes?"
        for name in NAMING[type(one)]:
            value = getattr(one, name)
            named = list(value) if isinstance(value, dict) else [value]
            assert first.pid not in named, f"{type(one).__name__}.{name}"
    assert first.pid not in (*kernel.ready, *kernel.readers)


# -- vspace_lend (rule 10) -------------------------------------------------------------------


def thread(machine: Machine, space: Vspace) -> int:
    """A started child that runs on an L1 of the current process's."""
    pid, _ = machine.record_child()
    machine.ok("vspace_lend", pid, space.l1)
    machine.start(pid)
    return pid


def test_a_child_runs_on_what_stays_its_parents(machine):
    space = machine.vspace()
    machine.host.forget()
    pid = thread(machine, space)
    assert machine.host.vspaces == [(pid, machine.kernel.frames[space.l1].pa)]
    assert set(space) <= set(machine.owned())
    machine.turn(pid)
    assert machine.ok("vspace_id") == space.l1
    machine.fails(Error.NO_FRAME, "frame_unmap", space.data, 0)
    assert machine.rights(DATA_VA) == "rw-"


def test_the_parent_goes_on_mapping_there(machine):
    space = machine.vspace()
    machine.view(space.l2, machine.fresh_va(PAGE))
    pid = thread(machine, space)
    page = machine.take()
    machine.view(page, CHILD_FREE_VA, RO, space.l2)
    machine.turn(pid)
    assert machine.rights(CHILD_FREE_VA) == "r--"
    machine.turn(0)
    machine.ok("frame_unmap", page, 0)
    machine.turn(pid)
    assert machine.rights(CHILD_FREE_VA) == "---"


def test_one_l1_serves_several_and_its_owner(machine):
    l1 = machine.kernel.processes[0].l1
    threads = [machine.record_child()[0] for _ in range(2)]
    for pid in threads:
        machine.ok("vspace_lend", pid, l1)
    assert list(machine.kernel.frames[l1].users) == [0, *threads]
    machine.start(threads[0])
    machine.turn(threads[0])
    machine.poke(DATA_VA, b"shared")
    machine.turn(0)
    assert machine.peek(DATA_VA, 6) == b"shared"


def test_lent_and_current_it_stays_where_it_is(machine):
    space, other = machine.vspace(), machine.child()
    for f_id, va in ((space.l1, machine.fresh_va(4 * PAGE)), (space.l2, machine.fresh_va(PAGE))):
        machine.view(f_id, va)
    pid = thread(machine, space)
    machine.fails(Error.TABLE_CURRENT, "frame_give", space.l1, other.pid)
    machine.fails(Error.TABLE_CURRENT, "vspace_swap", pid, space.l1)
    machine.fails(Error.TABLE_CURRENT, "vspace_swap", other.pid, space.l1)
    machine.ok("frame_unmap", space.l2, 3 << 2)
    machine.fails(Error.TABLE_CURRENT, "frame_table", space.l1, 0)
    machine.ok("proc_end", pid, 0)
    machine.ok("frame_table", space.l1, 0)


def test_until_its_borrower_has_another(machine):
    first, second = machine.vspace(), machine.vspace()
    pid = thread(machine, first)
    machine.ok("vspace_lend", pid, second.l1)
    assert machine.info(first.l1).t_flags == 2
    assert machine.info(second.l1).t_flags == 3
    machine.ok("vspace_swap", pid, first.l1)
    assert machine.info(second.l1).t_flags == 2
    assert first.l1 not in machine.owned()


def test_only_ones_own_l1_and_only_to_a_child(trio):
    machine, first, second = trio
    machine.fails(Error.NOT_TABLE, "vspace_lend", first.pid, machine.l2())
    machine.fails(Error.NO_FRAME, "vspace_lend", first.pid, first.l1)
    machine.fails(Error.NO_PROCESS, "vspace_lend", NOBODY, machine.kernel.processes[0].l1)
    machine.fails(Error.NOT_ALLOWED, "vspace_lend", 0, machine.kernel.processes[0].l1)
    machine.turn(first.pid)
    machine.fails(Error.NOT_ALLOWED, "vspace_lend", second.pid, first.l1)
    machine.fails(Error.NOT_ALLOWED, "vspace_lend", 0, first.l1)


def test_who_runs_on_a_lent_vspace_ends_when_its_lender_does(machine):
    """And whoever runs on what that one has lent; their memory goes to the lender's heir."""
    lender = machine.child()
    for _ in range(2):
        machine.ok("frame_give", machine.take(2), lender.pid)
    space = machine.vspace()
    machine.ok("frame_give", space.l1, lender.pid)
    before = machine.kernel.processes[0].charged
    machine.turn(lender.pid)
    records = [f_id for f_id in machine.owned() if machine.kernel.frames[f_id].len == 2 * PAGE]
    first = machine.ok("proc_new", records[0])
    machine.ok("vspace_lend", first, lender.l1)
    machine.start(first)
    machine.ok("frame_give", space.l1, first)
    machine.ok("frame_give", records[1], first)
    machine.turn(first)
    second = machine.ok("proc_new", records[1])
    machine.ok("vspace_lend", second, space.l1)
    machine.start(second)
    machine.turn(lender.pid)
    machine.blocks("exit", 4)
    assert set(machine.kernel.processes) == {0}
    assert {*records, *space, *lender[1:]} <= set(machine.owned())
    assert death(machine) == (lender.pid, DeathHow.EXITED, 4)
    assert machine.kernel.processes[0].deaths == ()
    assert machine.kernel.processes[0].charged == before - 1


def test_a_thread_that_ends_leaves_the_others(machine):
    space = machine.vspace()
    first, second = thread(machine, space), thread(machine, space)
    ends(machine, first)
    assert list(machine.kernel.frames[space.l1].users) == [second]
    assert machine.rights(DATA_VA, machine.kernel.processes[second]) == "rw-"
    machine.turn(0)
    assert death(machine)[0] == first


def test_unmapping_needs_no_sight_of_the_table(machine):
    """It only takes access away."""
    space = machine.vspace()
    machine.turn(0)
    assert machine.info(space.l2).v_id == space.l2, "seen only from inside"
    machine.fails(Error.TABLE_NOT_VISIBLE, "frame_map", space.l2, machine.take(), 0x60000, RO)
    machine.ok("frame_unmap", space.data, 0)
    machine.ok("frame_unmap", space.l2, 3 << 2)
