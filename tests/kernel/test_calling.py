"""``call`` and ``reply``: nobody else's message, nobody else's reply, nobody who waits for ever."""

from __future__ import annotations

import pytest

from kernel_model.abi import Error, ProcState
from kernel_model.process import Result
from tests.kernel.driver import DATA_VA, PAGE, RO, Child, Machine, failed

NOBODY = 999
AT = DATA_VA + 0x300
QUESTION, ANSWER = b"?" * 64, b"!" * 64


@pytest.fixture
def trio() -> tuple[Machine, Child, Child]:
    """proc0, whose turn it is, a server and a client."""
    machine = Machine()
    return machine, machine.child(), machine.child()


def ask(machine: Machine, client: int, server: int) -> None:
    machine.turn(client)
    machine.poke(AT, QUESTION)
    machine.blocks("call", server, AT)


def answer(machine: Machine, client: int) -> None:
    machine.poke(AT, ANSWER)
    assert machine.ok("reply", client, AT) == 0


def state(machine: Machine, pid: int) -> ProcState:
    return machine.kernel.processes[pid].state


def test_a_reply_replaces_the_message(trio):
    machine, server, client = trio
    ask(machine, client.pid, server.pid)
    assert state(machine, client.pid) is ProcState.CALLING
    machine.turn(server.pid)
    assert machine.ok("recv", AT) == client.pid
    assert machine.peek(AT, 64) == QUESTION
    assert state(machine, client.pid) is ProcState.AWAITING
    answer(machine, client.pid)
    machine.turn(client.pid)
    assert machine.resume() == Result(0)
    assert machine.peek(AT, 64) == ANSWER
    counts = [machine.kernel.processes[pid] for pid in (server.pid, client.pid)]
    assert [(one.sent, one.received) for one in counts] == [(1, 1), (1, 1)]


def test_a_server_that_waits_gets_the_call_at_once(trio):
    machine, server, client = trio
    machine.turn(server.pid)
    machine.blocks("recv", AT)
    ask(machine, client.pid, server.pid)
    assert state(machine, client.pid) is ProcState.AWAITING
    machine.turn(server.pid)
    assert machine.resume() == Result(client.pid)
    answer(machine, client.pid)


def test_a_caller_waits_for_nobody_elses_message(trio):
    machine, server, client = trio
    ask(machine, client.pid, server.pid)
    machine.turn(0)
    machine.blocks("send", client.pid, DATA_VA)
    machine.turn(server.pid)
    machine.ok("recv", AT)
    machine.blocks("send", client.pid, AT)
    assert state(machine, client.pid) is ProcState.AWAITING
    assert list(machine.kernel.processes[client.pid].senders) == [0, server.pid]


def test_nobody_else_can_reply_and_nobody_twice(trio):
    machine, server, client = trio
    ask(machine, client.pid, server.pid)
    machine.turn(0)
    machine.fails(Error.NOT_CALLING, "reply", client.pid, DATA_VA)
    machine.turn(server.pid)
    machine.fails(Error.NOT_CALLING, "reply", client.pid, DATA_VA)  # it has not received it
    machine.ok("recv", AT)
    machine.turn(0)
    machine.fails(Error.NOT_CALLING, "reply", client.pid, DATA_VA)
    machine.turn(server.pid)
    answer(machine, client.pid)
    machine.fails(Error.NOT_CALLING, "reply", client.pid, AT)


def test_a_reply_never_blocks(trio):
    """Not to one that sends, receives, is ready, is new, or is oneself."""
    machine, server, client = trio
    new, _ = machine.record_child()
    machine.turn(client.pid)
    machine.blocks("send", server.pid, DATA_VA)
    machine.turn(server.pid)
    machine.ok("recv", AT)
    for pid in (client.pid, server.pid, 0, new):
        machine.fails(Error.NOT_CALLING, "reply", pid, AT)
    machine.fails(Error.NO_PROCESS, "reply", NOBODY, AT)
    machine.turn(client.pid)
    machine.blocks("recv", AT)
    machine.turn(server.pid)
    machine.fails(Error.NOT_CALLING, "reply", client.pid, AT)


def test_pointers(trio):
    machine, server, client = trio
    machine.fails(Error.BAD_POINTER, "call", server.pid, 0)
    machine.fails(Error.BAD_POINTER, "call", server.pid, 0x10000)  # cannot be written
    machine.fails(Error.NO_PROCESS, "call", NOBODY, AT)
    machine.fails(Error.TO_SELF, "call", 0, AT)
    ask(machine, client.pid, server.pid)
    machine.turn(server.pid)
    machine.ok("recv", AT)
    machine.fails(Error.BAD_POINTER, "reply", client.pid, 0)
    assert machine.ok("reply", client.pid, 0x10000) == 0  # what is read need not be writable


@pytest.mark.parametrize("received", [False, True])
def test_when_the_called_one_ends_the_caller_learns_of_it(trio, received):
    machine, server, client = trio
    ask(machine, client.pid, server.pid)
    machine.turn(server.pid)
    if received:
        machine.ok("recv", AT)
    machine.blocks("exit", 0)
    machine.turn(client.pid)
    assert machine.resume() == failed(Error.PEER_DIED)
    assert machine.peek(AT, 64) == QUESTION


@pytest.mark.parametrize("received", [False, True])
def test_when_the_caller_ends_its_call_is_gone(trio, received):
    machine, server, client = trio
    ask(machine, client.pid, server.pid)
    machine.turn(server.pid)
    if received:
        machine.ok("recv", AT)
    machine.turn(0)
    machine.ok("proc_end", client.pid, 0)
    machine.turn(server.pid)
    machine.fails(Error.NO_PROCESS, "reply", client.pid, AT)
    machine.blocks("recv", AT)


def test_a_caller_whose_buffer_is_gone(trio):
    """The server has done its part; it is the call that fails."""
    machine, server, client = trio
    space = machine.vspace()
    machine.view(space.l2, machine.fresh_va(PAGE))
    machine.view(space.data, DATA_VA, RO, space.l2)
    ask(machine, client.pid, server.pid)
    machine.turn(server.pid)
    machine.ok("recv", AT)
    machine.turn(0)
    machine.ok("vspace_swap", client.pid, space.l1)
    machine.turn(server.pid)
    answer(machine, client.pid)
    assert machine.current.sent == 0
    machine.turn(client.pid)
    assert machine.resume() == failed(Error.BAD_POINTER)


def test_calls_wait_in_the_same_queue_as_messages(trio):
    machine, server, client = trio
    machine.blocks("send", server.pid, DATA_VA)
    ask(machine, client.pid, server.pid)
    machine.turn(server.pid)
    assert [machine.ok("recv", AT) for _ in range(2)] == [0, client.pid]


def test_a_call_to_a_child_that_has_not_started_does_not_start_it(machine):
    child = machine.child(start=False)
    machine.blocks_for_ever("call", child.pid, AT)
    assert state(machine, child.pid) is ProcState.NEW


def test_the_report_of_a_deadlock(trio):
    machine, server, client = trio
    ask(machine, client.pid, server.pid)
    machine.turn(server.pid)
    machine.ok("recv", AT)
    machine.blocks("call", 0, AT)
    machine.blocks_for_ever("call", client.pid, AT)
    assert machine.kernel.waiting() == [
        f"process 0 waits for process {client.pid} to receive its call",
        f"process {server.pid} waits for process 0 to receive its call",
        f"process {client.pid} waits for process {server.pid} to reply",
    ]
