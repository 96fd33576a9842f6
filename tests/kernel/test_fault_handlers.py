"""Rule 15: a fault stops its process, a handler hears of it and answers."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest

from kernel_model.abi import FAULT_BIT, DeathHow, Error, FaultKind, ProcState
from kernel_model.descriptors import WRITE
from kernel_model.process import Faulted, FaultRecord, Redirect, Result
from kernel_model.trap import trap
from kernel_model.walk import FaultStatus
from tests.kernel.driver import CODE_VA, DATA_VA, PAGE, REGISTERS, RO, Child, Machine, failed

NOBODY = 999
AT = DATA_VA + 0x400
STRAY = FaultRecord(
    FaultKind.MEMORY_ACCESS, 0x1234, CODE_VA, 0x10, WRITE, FaultStatus.TRANSLATION_L2, DATA_VA, 7,
    REGISTERS, "write of 0x1234",
)  # fmt: skip
WORDS = (1, 0x1234, CODE_VA, 0x10, WRITE, FaultStatus.TRANSLATION_L2, DATA_VA, 7, *REGISTERS)


@pytest.fixture
def trio() -> tuple[Machine, Child, Child]:
    """proc0 and two children; the second handles the first one's faults."""
    machine = Machine()
    first, handler = machine.child(), machine.child()
    machine.turn(first.pid)
    machine.ok("fault_handler", handler.pid)
    return machine, first, handler


def faults(machine: Machine, pid: int) -> None:
    machine.turn(pid)
    trap(machine.kernel, 0, STRAY)
    machine.check()


def hear(machine: Machine, handler: int, pid: int) -> None:
    """The handler receives what tells of the fault."""
    machine.turn(handler)
    assert machine.ok("recv", AT) == pid | FAULT_BIT
    assert machine.words(AT, 16) == WORDS


def answer(machine: Machine, pid: int, *words: int) -> int | None:
    machine.poke(AT, struct.pack("<16I", *words, *[0] * (16 - len(words))))
    return machine.call("send", pid, AT)


def state(machine: Machine, pid: int) -> ProcState:
    return machine.kernel.processes[pid].state


def test_whom_one_can_name(machine):
    child = machine.child()
    machine.fails(Error.TO_SELF, "fault_handler", 0)
    machine.fails(Error.NO_PROCESS, "fault_handler", NOBODY)
    machine.fails(Error.NO_PROCESS, "fault_handler", -2)
    assert machine.ok("fault_handler", child.pid) == 0
    assert machine.kernel.processes[0].handler == child.pid
    machine.ok("fault_handler", -1)
    machine.crash()
    assert machine.kernel.halted == Faulted("in a test", FaultKind.UNDEFINED_INSTRUCTION)


def test_a_handler_that_waits_hears_at_once(trio):
    machine, first, handler = trio
    machine.turn(handler.pid)
    machine.blocks("recv", AT)
    faults(machine, first.pid)
    assert state(machine, first.pid) is ProcState.STOPPED
    machine.turn(handler.pid)
    assert machine.resume() == Result(first.pid | FAULT_BIT)
    assert machine.words(AT, 16) == WORDS


def test_another_hears_with_its_next_recv_in_the_order_of_messages(trio):
    machine, first, handler = trio
    machine.turn(0)
    machine.blocks("send", handler.pid, DATA_VA)
    faults(machine, first.pid)
    assert state(machine, first.pid) is ProcState.FAULTED
    machine.turn(handler.pid)
    assert machine.ok("recv", AT) == 0
    hear(machine, handler.pid, first.pid)
    assert state(machine, first.pid) is ProcState.STOPPED


def test_a_buffer_that_is_gone_fails_the_recv_and_the_fault_waits(trio):
    machine, first, handler = trio
    machine.turn(0)
    space = machine.vspace()
    machine.view(space.l2, machine.fresh_va(PAGE))
    machine.view(space.data, DATA_VA, RO, space.l2)
    machine.turn(handler.pid)
    machine.blocks("recv", AT)
    machine.turn(0)
    machine.ok("vspace_swap", handler.pid, space.l1)
    faults(machine, first.pid)
    assert state(machine, first.pid) is ProcState.FAULTED
    machine.turn(handler.pid)
    assert machine.resume() == failed(Error.BAD_POINTER)
    machine.ok("vspace_swap", handler.pid, handler.l1)
    hear(machine, handler.pid, first.pid)


def test_try_again(trio):
    machine, first, handler = trio
    faults(machine, first.pid)
    hear(machine, handler.pid, first.pid)
    assert answer(machine, first.pid, 0) == 0
    machine.turn(first.pid)
    assert machine.resume() is None
    assert machine.current.fault is None


def test_go_on_elsewhere(trio):
    machine, first, handler = trio
    faults(machine, first.pid)
    hear(machine, handler.pid, first.pid)
    assert answer(machine, first.pid, 2, CODE_VA | 1, 0x7000, *range(20, 28)) == 0
    machine.turn(first.pid)
    assert machine.resume() == Redirect(CODE_VA | 1, 0x7000, tuple(range(20, 28)))


def test_end(trio):
    machine, first, handler = trio
    faults(machine, first.pid)
    hear(machine, handler.pid, first.pid)
    assert answer(machine, first.pid, 1) == 0
    assert first.pid not in machine.kernel.processes
    machine.turn(0)
    assert machine.ok_or_error("recv", AT) == Error.PEER_DIED
    assert machine.words(AT, 3) == (first.pid, DeathHow.FAULTED, FaultKind.MEMORY_ACCESS)


def test_what_is_no_answer(trio):
    machine, first, handler = trio
    faults(machine, first.pid)
    hear(machine, handler.pid, first.pid)
    machine.poke(AT, struct.pack("<I", 3))
    machine.fails(Error.BAD_KIND, "send", first.pid, AT)
    machine.poke(AT, struct.pack("<I", 0xFFFFFFFF))
    machine.fails(Error.BAD_KIND, "send", first.pid, AT)
    machine.fails(Error.BAD_POINTER, "send", first.pid, 0)
    machine.fails(Error.PEER_FAULTED, "call", first.pid, AT)
    assert answer(machine, first.pid, 0) == 0


def test_what_others_send_is_no_answer(trio):
    machine, first, handler = trio
    faults(machine, first.pid)
    hear(machine, handler.pid, first.pid)
    machine.turn(0)
    machine.blocks("send", first.pid, DATA_VA)
    assert state(machine, first.pid) is ProcState.STOPPED
    machine.turn(handler.pid)
    answer(machine, first.pid, 0)
    machine.turn(first.pid)
    assert machine.ok("recv", AT) == 0


def test_what_the_handler_has_not_heard_of_it_cannot_answer(trio):
    machine, first, handler = trio
    faults(machine, first.pid)
    machine.turn(handler.pid)
    machine.fails(Error.PEER_FAULTED, "send", first.pid, DATA_VA)
    machine.fails(Error.PEER_FAULTED, "call", first.pid, DATA_VA)
    hear(machine, handler.pid, first.pid)


@pytest.mark.parametrize("how", ["send", "call", "received call"])
def test_a_handler_that_waits_for_who_faults_is_set_free(trio, how):
    """Or else each would wait for the other."""
    machine, first, handler = trio
    machine.turn(handler.pid)
    machine.blocks(how.split()[-1], first.pid, DATA_VA)
    if how == "received call":
        machine.turn(first.pid)
        machine.ok("recv", AT)
    faults(machine, first.pid)
    machine.turn(handler.pid)
    assert machine.resume() == failed(Error.PEER_FAULTED)
    hear(machine, handler.pid, first.pid)
    assert answer(machine, first.pid, 0) == 0
    machine.turn(first.pid)
    machine.fails(Error.NOT_CALLING, "reply", handler.pid, AT)
    machine.blocks("recv", AT)


@pytest.mark.parametrize("heard", [False, True])
def test_it_ends_if_its_handler_ends(trio, heard):
    machine, first, handler = trio
    faults(machine, first.pid)
    machine.turn(handler.pid)
    if heard:
        machine.ok("recv", AT)
    machine.blocks("exit", 0)
    assert set(machine.kernel.processes) == {0}
    told = []
    for _ in range(2):
        assert machine.ok_or_error("recv", AT) == Error.PEER_DIED
        told.append(machine.words(AT, 3))
    assert told == [
        (handler.pid, DeathHow.EXITED, 0), (first.pid, DeathHow.FAULTED, 1),
    ]  # fmt: skip


def test_without_a_living_handler_a_fault_ends_it(trio):
    machine, first, handler = trio
    machine.turn(handler.pid)
    machine.blocks("exit", 0)
    assert machine.kernel.processes[first.pid].handler == -1
    faults(machine, first.pid)
    assert first.pid not in machine.kernel.processes


def test_a_handler_that_faults_is_subject_to_its_own(trio):
    machine, first, handler = trio
    machine.turn(handler.pid)
    machine.ok("fault_handler", 0)
    faults(machine, first.pid)
    faults(machine, handler.pid)
    assert state(machine, first.pid) is ProcState.FAULTED
    hear(machine, 0, handler.pid)
    assert answer(machine, handler.pid, 0) == 0
    hear(machine, handler.pid, first.pid)


def test_a_chain_of_handlers_ends_together(machine):
    """Each stops for the next; when the last one's handler ends, so do they all, one by one."""
    children = [machine.child() for _ in range(4)]
    for one, next_one in pairwise(children):
        machine.turn(one.pid)
        machine.ok("fault_handler", next_one.pid)
    for one in children[:3]:
        faults(machine, one.pid)
    machine.turn(0)
    machine.ok("proc_end", children[3].pid, 0)
    assert set(machine.kernel.processes) == {0}
    order = []
    for _ in range(3):
        assert machine.ok_or_error("recv", AT) == Error.PEER_DIED
        order.append(machine.words(AT, 1)[0])
    assert order == [one.pid for one in children[2::-1]]


def test_two_faults_at_once_are_heard_one_after_the_other(machine):
    first, second = machine.child(), machine.child()
    for one in (first, second):
        machine.turn(one.pid)
        machine.ok("fault_handler", 0)
    for one in (second, first):
        faults(machine, one.pid)
    hear(machine, 0, second.pid)
    hear(machine, 0, first.pid)
    for one in (first, second):
        assert answer(machine, one.pid, 0) == 0


def test_a_message_to_one_that_stops_waits(trio):
    machine, first, handler = trio
    machine.turn(0)
    machine.blocks("send", first.pid, DATA_VA)
    faults(machine, first.pid)
    hear(machine, handler.pid, first.pid)
    answer(machine, first.pid, 0)
    machine.turn(first.pid)
    assert machine.ok("recv", AT) == 0


def test_a_stopped_one_is_ended_by_its_parent(trio):
    machine, first, handler = trio
    faults(machine, first.pid)
    machine.turn(0)
    machine.ok("proc_end", first.pid, 0)
    machine.turn(handler.pid)
    machine.blocks("recv", AT)


def test_proc0_can_have_a_handler_and_ends_with_it(machine):
    child = machine.child()
    machine.ok("fault_handler", child.pid)
    faults(machine, 0)
    hear(machine, child.pid, 0)
    machine.call("exit", 0)
    assert machine.kernel.halted == Faulted("write of 0x1234", FaultKind.MEMORY_ACCESS)
    assert machine.kernel.running == [None]


def test_the_report_of_a_deadlock(trio):
    machine, first, handler = trio
    faults(machine, first.pid)
    machine.turn(handler.pid)
    machine.ok("recv", AT)
    machine.ok("fault_handler", first.pid)
    faults(machine, handler.pid)
    machine.blocks_for_ever("recv", AT)
    assert machine.kernel.waiting()[1:] == [
        f"process {first.pid} waits for process {handler.pid} to answer its fault",
        f"process {handler.pid} waits for process {first.pid} to receive its fault",
    ]
