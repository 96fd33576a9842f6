"""Whose turn it is: round robin, and the report when nobody can run."""

from __future__ import annotations

import pytest

from kernel_model.abi import Error, ProcState
from kernel_model.process import Registers, Result, Start
from kernel_model.syscalls import trap
from tests.kernel.driver import DATA_VA, Machine


@pytest.fixture
def three(machine) -> Machine:
    """proc0 running, processes 1 and 2 ready."""
    machine.child()
    machine.child()
    return machine


def running_order(machine: Machine, turns: int) -> list[int]:
    order = []
    for _ in range(turns):
        machine.kernel.slice_ended(0)
        order.append(machine.pid)
    return order


def test_slices_go_round_robin(three):
    assert running_order(three, 7) == [1, 2, 0, 1, 2, 0, 1]


def test_a_process_alone_keeps_its_turn(machine):
    assert running_order(machine, 3) == [0, 0, 0]


def test_a_slice_that_ends_leaves_everything_else_alone(three):
    three.kernel.slice_ended(0)
    assert three.kernel.processes[0].resume is None
    assert three.kernel.processes[0].state is ProcState.READY


def test_yield_passes_the_turn_and_returns_0_later(three):
    three.blocks("yield")
    assert three.pid == 1
    three.turn(0)
    assert three.resume() == Result(0)


def test_yield_alone_returns_at_once(machine):
    assert machine.ok("yield") == 0
    assert machine.current.resume is None


def test_yields_go_round_robin(three):
    order = []
    for _ in range(6):
        three.blocks("yield")
        order.append(three.pid)
    assert order == [1, 2, 0, 1, 2, 0]


def test_the_woken_go_to_the_end_of_the_queue(three):
    three.turn(1)
    three.blocks("recv", DATA_VA)
    three.turn(0)
    three.ok("send", 1, DATA_VA)
    assert list(three.kernel.ready) == [2, 1]


@pytest.mark.parametrize("resume", [Start(1, 2), Result(3), Registers(tuple(range(17)))])
def test_the_woken_go_on_as_they_are_told(three, resume):
    three.turn(1)
    three.blocks("recv", DATA_VA)
    three.kernel.wake(three.kernel.processes[1], resume)
    three.check()
    three.turn(1)
    assert three.resume() == resume


def test_the_blocked_get_no_turn(three):
    three.turn(1)
    three.blocks("recv", DATA_VA)
    assert running_order(three, 4) == [0, 2, 0, 2]


def test_the_new_get_no_turn(machine):
    machine.child(start=False)
    assert running_order(machine, 2) == [0, 0]


def test_when_one_ends_the_next_one_runs(three):
    three.turn(1)
    three.blocks("exit", 0)
    assert three.pid == 2
    assert running_order(three, 3) == [0, 2, 0]


def test_all_blocked_and_nobody_to_wake_them_is_a_deadlock(three):
    three.child(start=False)
    three.blocks("recv", DATA_VA)
    three.blocks("send", 2, DATA_VA)
    three.blocks("send", 1, DATA_VA)
    assert three.kernel.running == [None]
    assert three.kernel.halted is None
    assert three.kernel.waiting() == [
        "process 0 waits for a message",
        "process 1 waits for process 2 to receive its message",
        "process 2 waits for process 1 to receive its message",
        "process 3 waits for its parent, process 0, to start it",
    ]


def test_the_ready_and_the_dead_are_reported_too(three):
    assert three.kernel.waiting()[1] == "process 1 is ready to run"
    three.turn(0)
    three.call("exit", 0)
    assert three.kernel.waiting()[0] == "process 0 has ended"


def test_the_last_one_that_waits_is_a_deadlock(machine):
    machine.blocks("recv", DATA_VA)
    assert machine.kernel.running == [None]
    with pytest.raises(AssertionError, match=r"^trap: no process runs on core 0$"):
        trap(machine.kernel, 0, 0, 0, 0, 0)


def test_no_slice_ends_when_nobody_runs(machine):
    machine.blocks("recv", DATA_VA)
    machine.kernel.slice_ended(0)
    assert machine.kernel.running == [None]


# -- numbers that are no calls ---------------------------------------------------------------


@pytest.mark.parametrize("number", [22, 29, 255, 0x80000000, 0xFFFFFFFF])
def test_only_numbers_of_calls_are_answered(machine, number):
    before = machine.kernel.snapshot()
    assert trap(machine.kernel, number, 1, 2, 3, 4) == Error.NO_CALL
    assert machine.kernel.snapshot() == before
    assert str(machine.kernel.refusal) == f"E_NO_CALL (no call has number {number})"


def test_a_refusal_is_forgotten_at_the_next_call(machine):
    machine.call("frame_split", 99, 0)
    assert machine.kernel.refusal is not None
    machine.ok("frame_count")
    assert machine.kernel.refusal is None
