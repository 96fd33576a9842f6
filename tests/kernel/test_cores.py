"""Several cores: who runs where, and that nobody is lost or runs twice."""

from __future__ import annotations

import random

import pytest

from kernel_model.abi import Error, ProcState
from kernel_model.process import Exited, Result
from kernel_model.syscalls import trap
from tests.kernel.driver import DATA_VA, Machine


@pytest.fixture
def two() -> Machine:
    """proc0 on core 0, its child on core 1."""
    machine = Machine(cores=2)
    machine.child()
    return machine


@pytest.fixture
def three(two) -> Machine:
    """A second child besides, which is ready."""
    two.child()
    return two


def running(machine: Machine) -> list[int | None]:
    return [process and process.pid for process in machine.kernel.running]


def on(machine: Machine, core: int) -> Machine:
    """The machine, driven from another core from now on."""
    machine.core = core
    return machine


def test_a_machine_begins_on_core_0():
    assert running(Machine(cores=3)) == [0, None, None]


def test_whoever_starts_gets_a_core_that_idles(two):
    assert running(two) == [0, 1]
    assert not two.kernel.ready


def test_with_all_cores_taken_one_waits_for_its_turn(three):
    assert running(three) == [0, 1]
    assert list(three.kernel.ready) == [2]


def test_two_make_calls_at_once(two):
    mine = two.ok("frame_count")
    theirs = on(two, 1).ok("frame_count")
    assert (mine, theirs) == (
        len(two.kernel.processes[0].frames),
        len(two.kernel.processes[1].frames),
    )
    assert mine != theirs


def test_the_traps_default_is_core_0(two):
    number = two.kernel.calls.named("vspace_id").number
    assert trap(two.kernel, number, 0, 0, 0, 0) == two.kernel.processes[0].l1


def test_one_blocks_and_the_other_goes_on(two):
    on(two, 1).blocks("recv", DATA_VA)
    assert running(two) == [0, None]
    on(two, 0).ok("frame_count")
    two.ok("send", 1, DATA_VA)
    assert running(two) == [0, 1]
    assert on(two, 1).resume() == Result(0)


def test_a_core_whose_process_blocks_takes_the_next_one(three):
    three.blocks("recv", DATA_VA)
    assert running(three) == [2, 1]


def test_one_may_go_on_on_another_core(two):
    two.blocks("recv", DATA_VA)
    on(two, 1).ok("send", 0, DATA_VA)
    two.blocks("recv", DATA_VA)
    assert running(two) == [0, None]
    on(two, 0).ok("send", 1, DATA_VA)
    two.blocks("recv", DATA_VA)
    assert running(two) == [None, 1]
    on(two, 1).ok("send", 0, DATA_VA)
    assert running(two) == [0, 1]


def test_no_call_comes_from_a_core_that_idles(two):
    on(two, 1).blocks("recv", DATA_VA)
    with pytest.raises(AssertionError, match=r"^trap: no process runs on core 1$"):
        trap(two.kernel, 0, 0, 0, 0, 0, core=1)


def test_a_slice_ends_on_its_own_core(three):
    three.kernel.slice_ended(1)
    assert running(three) == [0, 2]
    three.kernel.slice_ended(0)
    assert running(three) == [1, 2]
    three.kernel.slice_ended(0)
    assert running(three) == [0, 2]


def test_a_slice_that_ends_where_nobody_waits_changes_nothing(two):
    two.kernel.slice_ended(1)
    assert running(two) == [0, 1]
    on(two, 1).blocks("recv", DATA_VA)
    two.kernel.slice_ended(1)
    assert running(two) == [0, None]


def test_yield_passes_the_turn_of_its_own_core(three):
    on(three, 1).blocks("yield")
    assert running(three) == [0, 2]
    assert list(three.kernel.ready) == [1]


def test_yield_with_a_core_for_each_returns_at_once(two):
    on(two, 1).resume()
    assert two.ok("yield") == 0
    assert two.current.resume is None


def test_an_end_frees_its_core(two):
    on(two, 1).blocks("exit", 0)
    assert running(two) == [0, None]
    on(two, 0).fails(Error.NO_PROCESS, "send", 1, DATA_VA)


def test_an_end_lets_the_next_one_run(three):
    on(three, 1).blocks("exit", 0)
    assert running(three) == [0, 2]


def test_an_end_wakes_its_parent_on_the_core_that_idles(two):
    two.blocks("recv", DATA_VA)
    on(two, 1).blocks("exit", 0)
    assert running(two) == [0, None]
    assert on(two, 0).resume() == Result(Error.PEER_DIED)


def test_when_proc0_ends_no_core_runs(three):
    three.turn(2)
    assert running(three) == [2, 1]
    on(three, 1).turn(0)
    assert three.call("exit", 4) is None
    assert three.kernel.halted == Exited(4)
    assert running(three) == [None, None]
    assert not three.kernel.ready


def test_all_blocked_is_a_deadlock_on_two_cores_too(two):
    on(two, 1).blocks("recv", DATA_VA)
    on(two, 0).blocks("recv", DATA_VA)
    assert running(two) == [None, None]
    assert two.kernel.halted is None


def test_a_copy_has_as_many_cores(three):
    copy = three.kernel.copy(three.ram)
    assert [process and process.pid for process in copy.running] == [0, 1]
    assert copy.running[1] is copy.processes[1]
    assert copy.snapshot() == three.kernel.snapshot()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_nobody_is_lost(seed):
    """Messages, yields, slices and ends on three cores; the invariants hold after each."""
    choose = random.Random(seed)
    machine = Machine(cores=3)
    for _ in range(5):
        machine.child()
    for _ in range(150):
        cores = [core for core, one in enumerate(machine.kernel.running) if one is not None]
        if not cores:
            assert not machine.kernel.ready
            break
        act(on(machine, choose.choice(cores)), choose)
    states = [process.state for process in machine.kernel.processes.values()]
    assert states.count(ProcState.READY) == len(cores) + len(machine.kernel.ready)


def act(machine: Machine, choose: random.Random) -> None:
    """Something that whoever runs on the machine's core might do."""
    name = choose.choice(["recv", "send", "send", "yield", "slice", "exit"])
    if name == "slice":
        machine.kernel.slice_ended(machine.core)
        machine.check()
    elif name == "exit" and machine.pid != 0 and choose.random() < 0.2:
        machine.blocks("exit", 0)
    elif name == "send":
        machine.call("send", choose.choice(list(machine.kernel.processes)), DATA_VA)
    elif name != "exit":
        machine.call(name, DATA_VA)
