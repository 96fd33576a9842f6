"""``console_read`` blocks only its caller."""

from __future__ import annotations

import pytest

from kernel_model.abi import Error, ProcState
from kernel_model.process import Result
from kernel_model.trap import Signal, trap
from tests.kernel.driver import DATA_VA, PAGE, RO, Child, Machine, failed

AT = DATA_VA + 0x500


@pytest.fixture
def pair() -> tuple[Machine, Child]:
    """proc0, whose turn it is, and a child; nobody has typed anything yet."""
    machine = Machine()
    child = machine.child()
    machine.host.is_ready = False
    return machine, child


def feed(machine: Machine, data: bytes) -> None:
    machine.host.input += data
    trap(machine.kernel, 0, Signal.INPUT)
    machine.check()


def test_input_that_is_there_is_read_at_once(machine):
    machine.host.input = b"typed"
    assert machine.ok("console_read", AT, 10) == 5


def test_one_that_waits_lets_others_run(pair):
    machine, child = pair
    machine.blocks("console_read", AT, 10)
    assert machine.kernel.processes[0].state is ProcState.READING
    assert machine.pid == child.pid
    feed(machine, b"hello")
    machine.turn(0)
    assert machine.resume() == Result(5)
    assert machine.peek(AT, 5) == b"hello"
    assert machine.current.wanted == 0


def test_no_more_than_was_asked_for(pair):
    machine, _ = pair
    machine.blocks("console_read", AT, 3)
    feed(machine, b"hello")
    machine.turn(0)
    assert machine.resume() == Result(3)
    assert machine.host.input == b"lo"


def test_nothing_is_there_at_once(pair):
    machine, _ = pair
    assert machine.ok("console_read", AT, 0) == 0


def test_first_come_first_served_even_when_there_is_input_by_then(pair):
    machine, child = pair
    machine.blocks("console_read", AT, 4)
    machine.host.is_ready = True
    machine.host.input = b"one\ntwo\n"
    machine.blocks_for_ever("console_read", AT, 4)
    assert list(machine.kernel.readers) == [0, child.pid]
    feed(machine, b"")
    assert machine.pid == 0
    assert machine.peek(AT, 4) == b"one\n"


def test_a_buffer_that_is_gone_fails_the_read_and_keeps_the_input(pair):
    machine, child = pair
    space = machine.vspace()
    machine.view(space.l2, machine.fresh_va(PAGE))
    machine.view(space.data, DATA_VA, RO, space.l2)
    machine.turn(child.pid)
    machine.blocks("console_read", AT, 4)
    machine.ok("vspace_swap", child.pid, space.l1)
    feed(machine, b"late")
    machine.turn(child.pid)
    assert machine.resume() == failed(Error.BAD_POINTER)
    assert machine.host.input == b"late"


def test_one_that_ends_reads_no_more(pair):
    machine, child = pair
    machine.turn(child.pid)
    machine.blocks("console_read", AT, 4)
    machine.ok("proc_end", child.pid, 0)
    assert not machine.kernel.readers


def test_who_waits_says_so(pair):
    machine, _ = pair
    machine.blocks("console_read", AT, 10)
    assert machine.kernel.waiting()[0] == "process 0 waits for the console"


def test_pointers(pair):
    machine, _ = pair
    machine.fails(Error.BAD_POINTER, "console_read", 0x10000, 4)
    machine.fails(Error.BAD_POINTER, "console_read", 0, 4)
