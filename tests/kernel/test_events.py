"""What calls, faults and endings bring about: each thing told once, in order, before the return."""

from __future__ import annotations

import struct

import pytest

from kernel_model.abi import NO_ID, DeathHow, Error, FaultAnswer, TableType
from kernel_model.events import (
    DeathTold,
    Delivery,
    DescriptorsWritten,
    Event,
    FrameMade,
    FrameMerged,
    FrameMoved,
    FrameSplit,
    MemoryWritten,
    MessageDelivered,
    ProcessEnded,
    ProcessMade,
    ThreadPointerSet,
    TranslationChanged,
    VspaceChanged,
)
from kernel_model.process import Death, Ended, Exited, Faulted
from tests.kernel.driver import (
    CODE_VA,
    CRASH,
    DATA_VA,
    FREE_VA,
    L1,
    PAGE,
    PAGE_KIND,
    REST,
    RO,
    SYS,
    TABLE_L2,
    UART,
    Machine,
)

OF_TABLES = (DescriptorsWritten, TranslationChanged, MemoryWritten)
"""What other tests have more to say of: here it is left out where it is not what is asked."""

MESSAGE = struct.pack("<16I", *range(16))


def all_told(machine: Machine) -> list[Event]:
    """What was told since the last time."""
    told = [*machine.host.events]
    machine.host.forget()
    return told


def told(machine: Machine) -> list[Event]:
    """The same, without what was written."""
    return [event for event in all_told(machine) if not isinstance(event, OF_TABLES)]


@pytest.fixture
def machine() -> Machine:
    machine = Machine()
    machine.host.forget()
    return machine


def moved(frames: list[int] | tuple[int, ...], giver: int, receiver: int) -> list[FrameMoved]:
    return [FrameMoved(f_id, giver, receiver) for f_id in frames]


# The boot, and frames


def test_the_boot_makes_a_process_and_every_frame_there_is() -> None:
    machine = Machine()
    events = told(machine)
    assert events[0] == ProcessMade(0, NO_ID)
    made = [event for event in events if isinstance(event, FrameMade)]
    assert [event.f_id for event in made] == [*range(UART + 1)]
    frames = machine.kernel.frames
    assert made == [FrameMade(f, 0, frames[f].pa, frames[f].len) for f in frames]
    assert [event for event in events if isinstance(event, VspaceChanged)] == [
        VspaceChanged(0, L1, frames[L1].pa, NO_ID)
    ]
    assert len(events) == len(made) + 2


def test_a_split_and_a_merge(machine) -> None:
    upper = machine.ok("frame_split", REST, PAGE)
    assert all_told(machine) == [FrameSplit(REST, upper)]
    machine.ok("frame_merge", REST, upper)
    assert all_told(machine) == [FrameMerged(REST, upper)]


def test_a_view_is_written_before_translations_are_said_to_have_changed(machine) -> None:
    page, table = machine.take(), machine.kernel.frames[SYS]
    machine.host.forget()
    machine.view(page, FREE_VA)
    written, changed = all_told(machine)
    pa = table.pa + (FREE_VA - table.t_va) // PAGE * 4
    assert isinstance(written, DescriptorsWritten)
    assert (written.pa, written.level, [*written.old]) == (pa, 2, [0])
    assert [*written.new] == [machine.ram.read_word(pa)]
    assert changed == TranslationChanged(machine.kernel.frames[L1].pa, FREE_VA, PAGE, False)
    machine.ok("frame_unmap", page, PAGE_KIND)
    cleared, changed = all_told(machine)
    assert isinstance(cleared, DescriptorsWritten)
    assert ([*cleared.old], [*cleared.new]) == ([*written.new], [0])
    assert changed == TranslationChanged(machine.kernel.frames[L1].pa, FREE_VA, PAGE, True)


def test_a_table_that_hangs_nowhere_changes_no_translation(machine) -> None:
    table, page = machine.l2(), machine.take()
    machine.ok("frame_map", L1, table, 0x40000000, TABLE_L2)
    machine.view(page, 0x40000000, RO, table)
    machine.ok("frame_unmap", table, TABLE_L2)
    machine.host.forget()
    machine.ok("frame_unmap", page, PAGE_KIND)
    assert [type(event) for event in all_told(machine)] == [DescriptorsWritten]


@pytest.mark.parametrize(
    "call", ["frame_lookup", "frame_count", "frame_allow", "pool_give", "yield"]
)
def test_calls_that_move_nothing_tell_of_nothing(machine, call) -> None:
    child = machine.child()
    machine.blocks("yield")  # that one waits for nothing
    machine.turn(0)
    machine.host.forget()
    arguments = {
        "frame_lookup": (REST, DATA_VA), "frame_allow": (child.pid,), "pool_give": (child.pid, 1),
    }  # fmt: skip
    machine.call(call, *arguments.get(call, ()))
    assert told(machine) == []


def test_a_refused_call_tells_of_nothing_at_all(machine) -> None:
    child = machine.child()
    machine.host.forget()
    machine.fails(Error.UNALIGNED, "frame_split", REST, 1)
    machine.fails(Error.WRONG_TYPE, "frame_pool", UART)
    machine.fails(Error.TABLE_CURRENT, "frame_give", L1, child.pid)
    machine.fails(Error.NOT_MAPPED, "frame_unmap", REST, 0)
    machine.fails(Error.NO_PROCESS, "send", 77, DATA_VA)
    assert all_told(machine) == []


# Giving


def test_a_frame_that_is_given_is_unmapped_first(machine) -> None:
    child, page = machine.child(), machine.take()
    machine.view(page, FREE_VA)
    machine.host.forget()
    machine.ok("frame_give", page, child.pid)
    events = all_told(machine)
    assert [type(event) for event in events] == [
        DescriptorsWritten, TranslationChanged, FrameMoved,
    ]  # fmt: skip
    assert events[-1] == FrameMoved(page, 0, child.pid)


def test_a_tree_is_given_frame_by_frame_its_root_first(machine) -> None:
    child, space = machine.child(), machine.vspace()
    machine.host.forget()
    machine.ok("frame_give", space.l1, child.pid)
    assert told(machine) == moved(space, 0, child.pid)


# Processes and vspaces


def test_a_process_of_an_l1_is_made_gets_its_frames_and_lives_there(machine) -> None:
    space = machine.vspace()
    machine.host.forget()
    pid = machine.ok("proc_new", space.l1)
    pa = machine.kernel.frames[space.l1].pa
    assert told(machine) == [
        ProcessMade(pid, 0), *moved(space, 0, pid), VspaceChanged(pid, space.l1, pa, NO_ID),
    ]  # fmt: skip


def test_a_process_of_a_frame_is_made_and_its_frame_is_zeroed_and_moves(machine) -> None:
    record = machine.take(2)
    machine.host.forget()
    pid, pa = machine.ok("proc_new", record), machine.kernel.frames[record].pa
    made, zeroed, moved_, *published = all_told(machine)
    assert (made, moved_) == (ProcessMade(pid, 0), FrameMoved(record, 0, pid))
    assert zeroed == MemoryWritten(pa, 2 * PAGE)
    assert published
    assert {(type(event), event.pa) for event in published} == {(MemoryWritten, pa)}


def test_a_swap_of_ones_own_vspace(machine) -> None:
    other = machine.l1()
    pa = machine.kernel.frames[other].pa
    machine.host.forget()
    machine.ok("vspace_swap", 0, other)
    assert told(machine) == [VspaceChanged(0, other, pa, L1)]


def test_a_childs_swap_moves_the_tree_and_then_the_child(machine) -> None:
    (pid, _), space = machine.record_child(), machine.vspace()
    machine.host.forget()
    machine.ok("vspace_swap", pid, space.l1)
    pa = machine.kernel.frames[space.l1].pa
    assert told(machine) == [*moved(space, 0, pid), VspaceChanged(pid, space.l1, pa, NO_ID)]


def test_a_loan_moves_nothing(machine) -> None:
    pid, _ = machine.record_child()
    machine.host.forget()
    machine.ok("vspace_lend", pid, L1)
    pa = machine.kernel.frames[L1].pa
    assert told(machine) == [VspaceChanged(pid, L1, pa, NO_ID)]
    space = machine.vspace()
    machine.host.forget()
    machine.ok("vspace_lend", pid, space.l1)
    assert [event.before for event in told(machine) if isinstance(event, VspaceChanged)] == [L1]


# Messages


def test_the_first_message_starts_a_child(machine) -> None:
    child = machine.child(start=False)
    machine.host.forget()
    machine.start(child.pid)
    [event] = told(machine)
    assert event == MessageDelivered(0, child.pid, Delivery.START, machine.peek(DATA_VA, 64))


@pytest.mark.parametrize(("call", "kind"), [("send", Delivery.MESSAGE), ("call", Delivery.CALL)])
@pytest.mark.parametrize("waits", [True, False])
def test_a_message_is_told_when_it_arrives(machine, call, kind, waits) -> None:
    """At once where its receiver waits, or else with that one's ``recv``."""
    child = machine.child()
    if waits:
        machine.turn(child.pid)
        machine.blocks("recv", DATA_VA)
    machine.poke(DATA_VA, MESSAGE)
    machine.host.forget()
    machine.call(call, child.pid, DATA_VA)
    arrived = [MessageDelivered(0, child.pid, kind, MESSAGE)]
    assert told(machine) == (arrived if waits else [])
    if not waits:
        machine.turn(child.pid)
        assert machine.ok_or_error("recv", DATA_VA) == 0
        assert told(machine) == arrived


def test_a_reply_is_told(machine) -> None:
    child = machine.child()
    machine.blocks("call", child.pid, DATA_VA)
    machine.ok_or_error("recv", DATA_VA)
    machine.poke(DATA_VA, MESSAGE)
    machine.host.forget()
    machine.ok("reply", 0, DATA_VA)
    assert told(machine) == [MessageDelivered(child.pid, 0, Delivery.REPLY, MESSAGE)]


def test_a_message_that_finds_no_place_is_not_delivered(machine) -> None:
    child, empty = machine.child(), machine.l1()
    machine.turn(child.pid)
    machine.blocks("recv", DATA_VA)
    machine.ok("vspace_swap", child.pid, empty)
    machine.host.forget()
    machine.blocks("send", child.pid, DATA_VA)
    assert told(machine) == []


# Endings


def test_an_exit_ends_the_process_and_then_its_frames_move(machine) -> None:
    child = machine.child()
    machine.turn(child.pid)
    machine.host.forget()
    machine.blocks("exit", 3)
    ended, *others = told(machine)
    assert ended == ProcessEnded(child.pid, Exited(3))
    assert others == moved(child[1:], child.pid, 0)
    machine.ok_or_error("recv", DATA_VA)
    death = Death(child.pid, DeathHow.EXITED, 3, NO_ID)
    assert told(machine) == [DeathTold(0, death)]


def test_a_parent_that_waits_is_told_last(machine) -> None:
    child = machine.child()
    machine.blocks("recv", DATA_VA)
    machine.host.forget()
    machine.blocks("exit", 3)
    death = Death(child.pid, DeathHow.EXITED, 3, NO_ID)
    ended, *others, last = told(machine)
    assert (ended, last) == (ProcessEnded(child.pid, Exited(3)), DeathTold(0, death))
    assert others == moved(child[1:], child.pid, 0)


def test_a_parent_that_ends_a_child_is_not_told(machine) -> None:
    child = machine.child()
    machine.host.forget()
    machine.ok("proc_end", child.pid, 4)
    assert told(machine) == [
        ProcessEnded(child.pid, Ended(0, 4)), *moved(child[1:], child.pid, 0),
    ]  # fmt: skip
    machine.blocks_for_ever("recv", DATA_VA)
    assert told(machine) == []


def test_those_on_a_vspace_that_was_lent_end_before_its_lender(machine) -> None:
    lender = machine.child()
    thread = machine.take(2)
    machine.ok("frame_give", thread, lender.pid)
    machine.turn(lender.pid)
    pid = machine.ok("proc_new", thread)
    machine.ok("vspace_lend", pid, lender.l1)
    machine.host.forget()
    machine.blocks("exit", 0)
    ended = [event for event in told(machine) if isinstance(event, ProcessEnded)]
    assert ended == [
        ProcessEnded(pid, Ended(lender.pid, 0)), ProcessEnded(lender.pid, Exited(0)),
    ]  # fmt: skip


def test_the_end_of_the_first_process(machine) -> None:
    machine.blocks_for_ever("exit", 9)
    assert told(machine) == [ProcessEnded(0, Exited(9))]


# Faults


def test_a_fault_that_nobody_handles_is_an_ending(machine) -> None:
    child = machine.child()
    machine.turn(child.pid)
    machine.host.forget()
    machine.crash()
    ended, *others = told(machine)
    assert ended == ProcessEnded(child.pid, Faulted(CRASH.why, CRASH.kind))
    assert others == moved(child[1:], child.pid, 0)


@pytest.fixture
def handled(machine) -> tuple[Machine, int]:
    """A child whose faults proc0 handles, and whose turn it is."""
    child = machine.child()
    machine.turn(child.pid)
    machine.ok("fault_handler", 0)
    machine.host.forget()
    return machine, child.pid


@pytest.mark.parametrize("va", [0, 1, 0xFFFFFFFF])
def test_a_thread_pointer_is_any_address(machine, va) -> None:
    machine.ok("thread_pointer", va)
    assert all_told(machine) == [ThreadPointerSet(0, va)]
    assert machine.current.thread_pointer == va


def test_each_process_has_a_thread_pointer_of_its_own(machine) -> None:
    child = machine.child()
    machine.ok("thread_pointer", 0x1000)
    machine.turn(child.pid)
    assert machine.current.thread_pointer == 0
    machine.ok("thread_pointer", 0x2000)
    machine.turn(0)
    assert machine.current.thread_pointer == 0x1000


def test_a_handler_that_waits_is_told_of_a_fault_at_once(handled) -> None:
    machine, pid = handled
    machine.turn(0)
    machine.blocks("recv", DATA_VA)
    machine.crash()
    assert told(machine) == [MessageDelivered(pid, 0, Delivery.FAULT, CRASH.message())]


def test_a_handler_is_told_of_a_fault_with_its_recv(handled) -> None:
    machine, pid = handled
    machine.crash()
    assert told(machine) == []
    machine.ok("recv", DATA_VA)
    assert told(machine) == [MessageDelivered(pid, 0, Delivery.FAULT, CRASH.message())]


@pytest.mark.parametrize("kind", FaultAnswer)
def test_an_answer_is_delivered_and_then_obeyed(handled, kind) -> None:
    machine, pid = handled
    machine.crash()
    machine.ok("recv", DATA_VA)
    answer = struct.pack("<3I", kind, CODE_VA, DATA_VA).ljust(64, b"\0")
    machine.poke(DATA_VA, answer)
    machine.host.forget()
    machine.ok("send", pid, DATA_VA)
    first, *others = told(machine)
    assert first == MessageDelivered(0, pid, Delivery.ANSWER, answer)
    ended = [event for event in others if isinstance(event, ProcessEnded)]
    assert ended == (
        [ProcessEnded(pid, Faulted(CRASH.why, CRASH.kind))] if kind is FaultAnswer.END else []
    )


def test_an_answer_that_is_none_is_not_delivered(handled) -> None:
    machine, pid = handled
    machine.crash()
    machine.ok("recv", DATA_VA)
    machine.poke(DATA_VA, struct.pack("<I", 9).ljust(64, b"\0"))
    machine.host.forget()
    machine.fails(Error.BAD_KIND, "send", pid, DATA_VA)
    assert all_told(machine) == []


# When


def test_what_is_told_is_true_by_then_and_nothing_comes_later(machine) -> None:
    """Each event, at the moment when it is told, of a kernel that is asked from within."""
    seen, kernel = [], machine.kernel
    told_before = kernel.tell

    def tell(event: Event) -> None:
        told_before(event)
        seen.append(event)
        if isinstance(event, FrameMoved):
            assert kernel.frames[event.f_id].owner == event.receiver
        elif isinstance(event, FrameSplit):
            assert kernel.frames[event.lower].end == kernel.frames[event.upper].pa
        elif isinstance(event, FrameMerged):
            assert event.gone not in kernel.frames
        elif isinstance(event, ProcessMade):
            assert event.pid in kernel.processes
        elif isinstance(event, VspaceChanged):
            assert kernel.processes[event.pid].l1 == event.l1

    kernel.tell = tell
    child = machine.child()
    machine.ok("frame_give", machine.take(), child.pid)
    machine.turn(child.pid)
    machine.blocks("exit", 1)
    count = len(seen)
    assert {type(event) for event in seen} >= {FrameSplit, FrameMoved, ProcessMade, VspaceChanged}
    for _ in range(3):
        machine.ok("frame_count")
    assert len(seen) == count


def test_each_core_tells_of_its_own_calls() -> None:
    machine = Machine(cores=2)
    child = machine.child()
    machine.core = 1
    assert machine.pid == child.pid
    machine.host.forget()
    upper = machine.ok("frame_split", child.data, PAGE)
    assert told(machine) == [FrameSplit(child.data, upper)]


def test_tables_become_memory_without_a_word_of_frames(machine) -> None:
    table = machine.l2()
    machine.host.forget()
    machine.ok("frame_table", table, TableType.NO)
    events = all_told(machine)
    assert events
    assert {type(event) for event in events} <= set(OF_TABLES)
