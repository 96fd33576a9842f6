"""Rule 3: kernel objects are charged to who makes them, and room moves."""

from __future__ import annotations

import pytest

from kernel_model.abi import Error, FrameType
from kernel_model.kernel import BOOT_POOL
from tests.kernel.driver import DATA_VA, PAGE, REST, ROOM, UART, Child, Machine, set_room

NOBODY = 999


def account(machine: Machine, pid: int) -> tuple[int, int]:
    """Room, and what is charged."""
    process = machine.kernel.processes[pid]
    return process.room, process.charged


@pytest.fixture
def pair() -> tuple[Machine, Child]:
    """proc0, whose turn it is, and a child with a little room."""
    machine = Machine()
    return machine, machine.child()


def test_proc0_begins_with_room_and_every_other_process_with_none(machine):
    assert account(machine, 0) == (BOOT_POOL, 9)
    space = machine.vspace()
    machine.ok("proc_new", space.l1)
    assert account(machine, 1) == (0, 0)


def test_a_frame_stays_charged_to_who_made_it(pair):
    machine, child = pair
    before = account(machine, 0)
    machine.ok("frame_give", machine.take(2), child.pid)
    assert account(machine, 0) == (before[0], before[1] + 1)
    machine.turn(child.pid)
    machine.ok("frame_split", machine.owned()[-1], PAGE)
    assert account(machine, child.pid) == (ROOM, 1)


def test_a_merge_frees_the_object_of_who_made_the_upper_frame(pair):
    machine, child = pair
    f_id = machine.take(2)
    upper = machine.ok("frame_split", f_id, PAGE)
    before = account(machine, 0)
    for one in (f_id, upper):
        machine.ok("frame_give", one, child.pid)
    machine.turn(child.pid)
    machine.ok("frame_merge", f_id, upper)
    assert account(machine, 0) == (before[0], before[1] - 1)
    assert account(machine, child.pid) == (ROOM, 0)


def test_a_full_account_is_an_error_for_its_owner_alone(pair):
    machine, child = pair
    machine.ok("frame_give", machine.take(ROOM + 2), child.pid)
    machine.turn(child.pid)
    f_id = machine.owned()[-1]
    for _ in range(ROOM):
        machine.ok("frame_split", f_id, machine.info(f_id).len - PAGE)
    machine.fails(Error.POOL_FULL, "frame_split", f_id, PAGE)
    machine.turn(0)
    machine.take()


def test_room_moves_to_whom_one_may_give_to(pair):
    machine, child = pair
    machine.ok("pool_give", child.pid, 5)
    assert account(machine, 0)[0] == BOOT_POOL - ROOM - 5
    assert account(machine, child.pid) == (ROOM + 5, 0)
    other = machine.child()
    machine.turn(child.pid)
    machine.ok("pool_give", other.pid, ROOM + 5)
    assert account(machine, child.pid) == (0, 0)
    machine.fails(Error.POOL_FULL, "pool_give", other.pid, 1)
    machine.ok("pool_give", other.pid, 0)
    machine.fails(Error.NOT_ALLOWED, "pool_give", 0, 0)
    machine.fails(Error.TO_SELF, "pool_give", child.pid, 0)
    machine.fails(Error.NO_PROCESS, "pool_give", NOBODY, 0)


def test_only_free_room_moves(pair):
    machine, child = pair
    room, charged = account(machine, 0)
    machine.fails(Error.POOL_FULL, "pool_give", child.pid, room - charged + 1)
    machine.fails(Error.POOL_FULL, "pool_give", child.pid, 0xFFFFFFFF)
    machine.ok("pool_give", child.pid, room - charged)
    machine.fails(Error.POOL_FULL, "frame_split", REST, PAGE)


def test_an_ended_processs_account_goes_to_its_heir(pair):
    """Room and charges; what it had made for others, too."""
    machine, child = pair
    other = machine.child()
    machine.ok("frame_give", machine.take(4), child.pid)
    room, charged = account(machine, 0)
    machine.turn(child.pid)
    made = machine.ok("frame_split", machine.owned()[-1], PAGE)
    machine.ok("frame_give", made, other.pid)
    machine.blocks("exit", 0)
    assert account(machine, 0) == (room + ROOM, charged + 1)
    assert machine.kernel.frames[made].owner == other.pid
    assert machine.kernel.frames[made].account == 0
    machine.turn(0)
    machine.ok_or_error("recv", DATA_VA)
    assert account(machine, 0) == (room + ROOM, charged), "its record is free"


def test_the_record_of_an_orphan_is_charged_to_the_heir_of_its_maker(pair):
    machine, child = pair
    space = machine.vspace()
    machine.ok("frame_give", space.l1, child.pid)
    machine.turn(child.pid)
    orphan = machine.ok("proc_new", space.l1)
    assert account(machine, child.pid) == (ROOM, 1)
    machine.blocks("exit", 0)
    _, charged = account(machine, 0)
    machine.ok("proc_end", orphan, 0)
    assert account(machine, 0)[1] == charged - 1


def test_pool_memory_is_room_in_its_owners_account(pair):
    machine, child = pair
    machine.ok("frame_give", machine.take(2), child.pid)
    before = account(machine, 0)
    machine.turn(child.pid)
    f_id = machine.owned()[-1]
    assert machine.ok("frame_pool", f_id) == 128
    assert account(machine, child.pid) == (ROOM + 128, 0)
    assert account(machine, 0) == before


def test_pool_memory_becomes_memory_again_zeroed(machine):
    f_id, before = machine.take(2), account(machine, 0)
    machine.ram.write(machine.kernel.frames[f_id].pa, b"\xff" * 2 * PAGE)
    machine.ok("frame_pool", f_id)
    machine.host.forget()
    assert machine.ok("frame_unpool", f_id) == 0
    frame = machine.kernel.frames[f_id]
    assert frame.type is FrameType.MEM
    assert machine.ram.read(frame.pa, frame.len) == bytes(frame.len)
    assert (frame.pa, frame.len) in machine.host.written
    assert account(machine, 0) == before


def test_but_not_while_its_room_is_used(pair):
    machine, child = pair
    machine.ok("frame_give", machine.take(2), child.pid)
    machine.turn(child.pid)
    f_id = machine.owned()[-1]
    upper = machine.ok("frame_split", f_id, PAGE)
    machine.ok("frame_pool", upper)
    machine.turn(0)
    sibling = machine.child()
    machine.turn(child.pid)
    machine.ok("pool_give", sibling.pid, ROOM)
    machine.fails(Error.POOL_FULL, "frame_unpool", upper)
    machine.turn(0)
    machine.ok("pool_give", child.pid, 1)
    machine.turn(child.pid)
    machine.ok("frame_unpool", upper)
    assert account(machine, child.pid) == (1, 1)


def test_only_pool_memory_of_ones_own_becomes_memory(machine):
    machine.fails(Error.WRONG_TYPE, "frame_unpool", REST)
    machine.fails(Error.WRONG_TYPE, "frame_unpool", UART)
    machine.fails(Error.NO_FRAME, "frame_unpool", NOBODY)


def test_a_heir_gets_back_what_was_pooled(pair):
    """A child that burns memory for kernel objects burns it for nobody else."""
    machine, child = pair
    f_id = machine.take(8)
    machine.ok("frame_give", f_id, child.pid)
    machine.turn(child.pid)
    machine.ok("frame_pool", f_id)
    machine.blocks("exit", 0)
    machine.ok_or_error("recv", DATA_VA)
    machine.ok("frame_unpool", f_id)
    assert machine.info(f_id).type == FrameType.MEM


def test_ending_a_process_needs_no_room(pair):
    machine, child = pair
    room, charged = account(machine, 0)
    set_room(machine.kernel, charged)
    assert room > charged
    machine.ok("proc_end", child.pid, 1)
