"""Messages: 64 bytes handed over where sender and receiver meet, first come first served."""

from __future__ import annotations

import pytest

from kernel_model.abi import MESSAGE_SIZE, Error, ProcState
from kernel_model.process import Result
from tests.kernel.driver import (
    CHILD_FREE_VA,
    CODE_VA,
    DATA_VA,
    PAGE,
    PAGE_KIND,
    RO,
    RW,
    Child,
    Machine,
    failed,
)

NOBODY = 77
TO_VA = DATA_VA + 0x100
HELLO = bytes(range(100, 100 + MESSAGE_SIZE))
END = DATA_VA + 4 * PAGE


@pytest.fixture
def pair(machine) -> tuple[Machine, Child]:
    """proc0 running, with a started child."""
    return machine, machine.child()


def test_a_receiver_that_waits_gets_the_message_and_the_senders_pid(pair):
    machine, child = pair
    machine.turn(child.pid)
    machine.blocks("recv", TO_VA)
    machine.poke(DATA_VA, HELLO)
    assert machine.ok("send", child.pid, DATA_VA) == 0
    assert machine.pid == 0, "the sender goes on"
    machine.turn(child.pid)
    assert machine.resume() == Result(0)
    assert machine.peek(TO_VA, MESSAGE_SIZE) == HELLO
    assert machine.peek(TO_VA + MESSAGE_SIZE, 8) == bytes(8), "64 bytes and no more"
    assert machine.peek(TO_VA - 8, 8) == bytes(8)


def test_the_pid_is_the_senders(pair):
    machine, child = pair
    machine.blocks("recv", TO_VA)
    assert machine.pid == child.pid
    machine.ok("send", 0, DATA_VA)
    machine.turn(0)
    assert machine.resume() == Result(child.pid)


def test_a_sender_waits_until_it_is_received(pair):
    machine, child = pair
    machine.poke(DATA_VA, HELLO)
    machine.blocks("send", child.pid, DATA_VA)
    assert machine.kernel.processes[0].state is ProcState.SENDING
    assert machine.ok("recv", TO_VA) == 0
    assert machine.peek(TO_VA, MESSAGE_SIZE) == HELLO
    machine.turn(0)
    assert machine.resume() == Result(0)
    assert machine.current.state is ProcState.READY
    assert machine.current.message == b""


def test_the_message_is_what_it_was_when_it_was_sent(pair):
    """The sender's memory may be swapped or given away while it waits."""
    machine, child = pair
    machine.poke(DATA_VA, HELLO)
    machine.blocks("send", child.pid, DATA_VA)
    sent = machine.kernel.frames[machine.kernel.processes[0].l1]
    assert sent is not None
    data = machine.walk(DATA_VA, machine.kernel.processes[0]).pa
    machine.ram.write(data, bytes(MESSAGE_SIZE))
    machine.ok("recv", TO_VA)
    assert machine.peek(TO_VA, MESSAGE_SIZE) == HELLO


def test_first_come_first_served(machine):
    receiver, *senders = (machine.child() for _ in range(4))
    for sender in reversed(senders):
        machine.turn(sender.pid)
        machine.blocks("send", receiver.pid, DATA_VA)
    machine.turn(receiver.pid)
    order = [machine.ok("recv", TO_VA) for _ in senders]
    assert order == [sender.pid for sender in reversed(senders)]
    machine.blocks("recv", TO_VA)


def test_a_message_is_received_once(pair):
    machine, child = pair
    machine.blocks("send", child.pid, DATA_VA)
    machine.ok("recv", TO_VA)
    machine.blocks("recv", TO_VA)


def test_a_message_may_straddle_pages(pair):
    machine, child = pair
    machine.poke(DATA_VA + PAGE - 10, HELLO)
    machine.blocks("send", child.pid, DATA_VA + PAGE - 10)
    machine.ok("recv", DATA_VA + 2 * PAGE - 63)
    assert machine.peek(DATA_VA + 2 * PAGE - 63, MESSAGE_SIZE) == HELLO


def test_a_message_that_waits_straddles_pages_of_the_receiver(pair):
    machine, child = pair
    machine.turn(child.pid)
    machine.blocks("recv", DATA_VA + PAGE - 1)
    machine.poke(DATA_VA, HELLO)
    machine.ok("send", child.pid, DATA_VA)
    machine.turn(child.pid)
    assert machine.peek(DATA_VA + PAGE - 1, MESSAGE_SIZE) == HELLO


def test_a_new_process_keeps_others_messages_until_it_asks(machine):
    new, other = machine.child(start=False), machine.child()
    machine.turn(other.pid)
    machine.blocks("send", new.pid, DATA_VA)
    machine.start(new.pid)
    machine.turn(new.pid)
    assert machine.ok("recv", TO_VA) == other.pid


def test_the_host_learns_of_a_delivered_message(pair):
    machine, child = pair
    machine.turn(child.pid)
    machine.blocks("recv", TO_VA)
    where = machine.pa(TO_VA, machine.kernel.processes[child.pid])
    machine.host.forget()
    machine.ok("send", child.pid, DATA_VA)
    assert machine.host.written == [(where, MESSAGE_SIZE)]


# -- counters --------------------------------------------------------------------------------


def test_messages_are_counted_when_they_arrive(pair):
    machine, child = pair
    me, other = machine.kernel.processes[0], machine.kernel.processes[child.pid]
    machine.blocks("send", child.pid, DATA_VA)
    assert (me.sent, other.received) == (0, 0)
    machine.ok("recv", TO_VA)
    assert (me.sent, me.received, other.sent, other.received) == (1, 0, 0, 1)
    machine.blocks("recv", TO_VA)
    machine.ok("send", child.pid, DATA_VA)
    assert (me.sent, me.received, other.sent, other.received) == (2, 0, 0, 2)


# -- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pid", [NOBODY, -1, 1, -(1 << 31)])
def test_to_nobody(machine, pid):
    machine.fails(Error.NO_PROCESS, "send", pid, DATA_VA)


def test_to_oneself(machine):
    machine.fails(Error.TO_SELF, "send", 0, DATA_VA)


@pytest.mark.parametrize("pointer", [0, DATA_VA - 1, END - 63, END, 0xFFFFFFFF, 0xF0000000])
def test_what_the_caller_cannot_read_is_not_sent(pair, pointer):
    machine, child = pair
    machine.fails(Error.BAD_POINTER, "send", child.pid, pointer)


def test_what_the_caller_can_only_read_is_sent(pair):
    machine, child = pair
    machine.blocks("send", child.pid, CODE_VA)
    machine.ok("recv", TO_VA)
    assert machine.words(TO_VA, 1) == (0xEAFFFFFE,)


@pytest.mark.parametrize("pointer", [0, CODE_VA, DATA_VA - 1, END - 63, END, 0xF0000000])
def test_what_the_caller_cannot_write_is_not_received(pair, pointer):
    machine, child = pair
    machine.fails(Error.BAD_POINTER, "recv", pointer)
    machine.turn(child.pid)
    machine.blocks("send", 0, DATA_VA)
    machine.fails(Error.BAD_POINTER, "recv", pointer)
    assert machine.ok("recv", END - 64) == child.pid


def test_a_buffer_swapped_away_fails_the_recv_and_the_sender_goes_on_waiting(pair):
    """The parent gives the child, which waits, a vspace whose buffer is read-only."""
    machine, child = pair
    machine.turn(child.pid)
    machine.blocks("recv", TO_VA)
    space = machine.vspace()
    machine.view(space.l2, machine.fresh_va(PAGE))
    machine.view(space.data, DATA_VA, RO, space.l2)
    machine.ok("vspace_swap", child.pid, space.l1)
    machine.poke(DATA_VA, HELLO)
    machine.blocks("send", child.pid, DATA_VA)
    assert machine.pid == child.pid
    assert machine.resume() == failed(Error.BAD_POINTER)
    machine.ok("vspace_swap", child.pid, child.l1)
    assert machine.ok("recv", TO_VA) == 0
    assert machine.peek(TO_VA, MESSAGE_SIZE) == HELLO
    machine.turn(0)
    assert machine.resume() == Result(0)


def test_a_buffer_swapped_for_a_good_one_gets_the_message(pair):
    machine, child = pair
    machine.turn(child.pid)
    machine.blocks("recv", TO_VA)
    space = machine.vspace()
    machine.ok("vspace_swap", child.pid, space.l1)
    machine.poke(DATA_VA, HELLO)
    machine.ok("send", child.pid, DATA_VA)
    machine.turn(child.pid)
    assert machine.resume() == Result(0)
    assert machine.peek(TO_VA, MESSAGE_SIZE) == HELLO
    assert machine.pa(TO_VA) == machine.kernel.frames[space.data].pa + 0x100


def test_a_message_may_lie_in_any_readable_frame(pair):
    machine, child = pair
    machine.ok("frame_give", machine.take(), child.pid)
    machine.turn(child.pid)
    f_id = machine.owned()[-1]
    machine.view(f_id, CHILD_FREE_VA, RW, child.l2)
    machine.poke(CHILD_FREE_VA, HELLO)
    machine.view(f_id, CHILD_FREE_VA, RO, child.l2)
    machine.blocks("send", 0, CHILD_FREE_VA)
    machine.ok("recv", TO_VA)
    assert machine.peek(TO_VA, MESSAGE_SIZE) == HELLO
    machine.turn(child.pid)
    machine.ok("frame_unmap", f_id, PAGE_KIND)
    machine.fails(Error.BAD_POINTER, "send", 0, CHILD_FREE_VA)
