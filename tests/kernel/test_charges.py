"""What each call is charged: rule 16, whose numbers ``docs/kernel.md`` has."""

from __future__ import annotations

import pytest

from kernel_model.abi import Error, FrameType, TableType
from kernel_model.charges import CALL, ENTRY, PAGE, REFUSED, pages
from kernel_model.memory import PAGE_SIZE, Ram
from tests.kernel.driver import (
    CHILD_FREE_VA,
    DATA_VA,
    FREE_VA,
    MIB,
    RO,
    SECTION,
    SYS,
    Machine,
)

BIG_VA = 0x10000000


def test_the_numbers_are_those_of_the_document():
    assert (CALL, REFUSED, PAGE, ENTRY) == (1_000, 2_000, 1_000, 100)
    assert [pages(length) for length in (0, 1, PAGE_SIZE, PAGE_SIZE + 1)] == [0, 1000, 1000, 2000]


def work(machine: Machine) -> int:
    return machine.kernel.work


def test_a_short_call_is_charged_as_a_call_alone(machine):
    machine.ok("frame_count")
    assert work(machine) == 0


def test_the_charge_is_that_of_the_last_call(machine):
    machine.ok("proc_new", machine.take(2))
    assert work(machine) == 2 * PAGE
    machine.fails(Error.NO_FRAME, "frame_split", 999, PAGE_SIZE)
    assert work(machine) == REFUSED


def test_a_frame_that_becomes_a_record_is_cleared(machine):
    machine.ok("proc_new", machine.take(7))
    assert work(machine) == 7 * PAGE


def test_pool_memory_is_cleared_when_it_becomes_memory(machine):
    f_id = machine.take(100)
    machine.ok("frame_pool", f_id)
    assert work(machine) == 0
    machine.ok("frame_unpool", f_id)
    assert work(machine) == 100 * PAGE


@pytest.mark.parametrize("count", [1, 5])
def test_tables_are_cleared_and_their_views_written_again(machine, count):
    f_id = machine.take(count)
    machine.view(f_id, FREE_VA, RO & ~(1 << 6))
    machine.ok("frame_table", f_id, TableType.L2)
    assert work(machine) == count * (PAGE + ENTRY)
    machine.ok("frame_table", f_id, TableType.NO)
    assert work(machine) == count * (PAGE + ENTRY)


def test_entries_are_looked_at_and_written(machine):
    f_id = machine.take(20)
    machine.view(f_id, FREE_VA)
    assert work(machine) == 20 * ENTRY + 20 * ENTRY
    machine.ok("frame_unmap", f_id, 0)
    assert work(machine) == 20 * ENTRY


def test_a_refused_call_is_charged_with_what_it_looked_at(machine):
    machine.view(machine.take(), FREE_VA)
    f_id = machine.take(30)
    machine.fails(Error.ENTRY_IN_USE, "frame_map", SYS, f_id, FREE_VA, RO)
    assert work(machine) == REFUSED + 30 * ENTRY


def test_frames_that_move_are_charged(machine):
    child = machine.child()
    machine.ok("frame_give", machine.take(), child.pid)
    assert work(machine) == PAGE


def test_a_tree_that_is_given_is_charged_for_each_of_its_frames(machine):
    child, space = machine.child(), machine.vspace()
    machine.ok("frame_give", space.l1, child.pid)
    assert {machine.kernel.frames[f_id].owner for f_id in space} == {child.pid}
    assert work(machine) == len(space) * PAGE


def test_frames_that_a_list_passes_are_charged(machine):
    machine.ok("frame_info", 5, DATA_VA)
    assert work(machine) == 5 * ENTRY


def test_pages_of_a_long_buffer_are_charged(machine):
    machine.ok("console_write", DATA_VA, 100)
    assert work(machine) == 0
    machine.ok("console_write", DATA_VA, 3 * PAGE_SIZE)
    assert work(machine) == 3 * PAGE
    machine.fails(Error.BAD_POINTER, "console_write", DATA_VA, 64 * MIB)
    assert work(machine) == REFUSED + 4 * PAGE


def test_a_process_that_ends_is_charged_with_its_frames(machine):
    child = machine.child()
    machine.turn(child.pid)
    count = machine.ok("frame_count")
    machine.call("exit", 0)
    assert work(machine) >= count * PAGE + 4 * PAGE + PAGE  # an L1 and an L2 are cleared


def test_zeros_are_stored_and_found_in_pieces():
    ram = Ram(0, 3 << 16)
    ram.write(0, b"\xff" * ram.size)
    ram.zero(PAGE_SIZE, ram.size - 2 * PAGE_SIZE)
    assert ram.is_zero(PAGE_SIZE, ram.size - 2 * PAGE_SIZE)
    assert ram.read(0, PAGE_SIZE) == ram.read(ram.size - PAGE_SIZE, PAGE_SIZE) == b"\xff" * 4096
    assert not ram.is_zero(PAGE_SIZE, ram.size - PAGE_SIZE)
    assert not ram.is_zero(0, PAGE_SIZE + 4)
    ram.write_word(2 << 16, 1)
    assert not ram.is_zero(PAGE_SIZE, ram.size - 2 * PAGE_SIZE)
    with pytest.raises(IndexError):
        ram.is_zero(ram.size, 4)


# -- PROC frames and handlers: rules 11 and 15 ---------------------------------------------------


@pytest.fixture
def recorded(machine):
    """A process made of a frame of 256 pages that is a MiB: who runs, its frame, its vspace."""
    space = machine.vspace()
    f_id = machine.take(256, align=MIB)
    pid = machine.ok("proc_new", f_id)
    machine.ok("vspace_swap", pid, space.l1)
    machine.start(pid)
    machine.turn(pid)
    return machine, f_id, space


def test_of_a_record_the_first_page_alone_is_mapped(recorded):
    machine, f_id, space = recorded
    for va in (CHILD_FREE_VA, CHILD_FREE_VA + PAGE_SIZE):  # mapped, then moved by a page
        machine.ok("frame_map", space.l2, f_id, va, RO)
        shown = [machine.rights(CHILD_FREE_VA + n * PAGE_SIZE) for n in range(4)]
        assert shown == ["r--" if CHILD_FREE_VA + n * PAGE_SIZE == va else "---" for n in range(4)]
    machine.ok("frame_unmap", f_id, 0)
    assert machine.rights(CHILD_FREE_VA + PAGE_SIZE) == "---"
    assert machine.kernel.frames[f_id].type is FrameType.PROC


def test_a_record_needs_one_free_entry_alone(recorded):
    machine, f_id, space = recorded
    last = 0x400000 - PAGE_SIZE  # the last page that the L2 translates
    machine.ok("frame_map", space.l2, f_id, last, RO)
    assert machine.rights(last) == "r--"


def test_a_record_is_no_section(recorded):
    machine, f_id, space = recorded
    machine.fails(Error.WRONG_TYPE, "frame_map", space.l1, f_id, BIG_VA, SECTION | RO)


def test_a_handler_is_named_with_consent(machine):
    first, second = machine.child(), machine.child()
    machine.turn(first.pid)
    machine.ok("fault_handler", 0)  # its parent
    machine.ok("fault_handler", second.pid)  # its sibling
    machine.turn(0)
    machine.ok("fault_handler", first.pid)  # its child


def test_a_process_is_no_strangers_handler(machine):
    """Neither its nephew's nor its grandchild's, which are made to receive nothing unasked."""
    child, other = machine.child(), machine.child()
    f_id = machine.take(2)
    machine.ok("frame_give", f_id, child.pid)
    machine.turn(child.pid)
    nephew = machine.ok("proc_new", f_id)
    machine.turn(other.pid)
    machine.fails(Error.NOT_ALLOWED, "fault_handler", nephew)
    machine.turn(0)
    machine.fails(Error.NOT_ALLOWED, "fault_handler", nephew)
    machine.kernel.processes[nephew].allowed = 0  # as frame_allow does
    machine.ok("fault_handler", nephew)
