"""Another convention than the standard one: plain errors, unknown numbers, orders of arguments."""

from __future__ import annotations

import struct

import pytest

from kernel_model.abi import NO_ID, DeathHow, Error
from kernel_model.call import CallTable
from kernel_model.operations import Operation
from kernel_model.process import Exited, Failed, Result
from kernel_model.syscalls import CALLS, STANDARD, trap
from tests.kernel.driver import CRASH, DATA_VA, FREE_VA, PAGE, REST, RO, SYS, Machine
from tests.kernel.plain import ORDERS, PLAIN


class Ordered(Machine):
    """A machine of the plain convention; calls are made with the arguments of docs/kernel.md."""

    def __init__(self) -> None:
        super().__init__(calls=PLAIN)

    def call(self, name: str, *arguments: int) -> int | None:
        row = self.kernel.calls.named(name)
        words = arguments + (0,) * (len(row.arguments) - len(arguments))
        return super().call(name, *row.registers(words))


@pytest.fixture
def plain() -> Ordered:
    return Ordered()


def refused(machine: Machine, error: Error, name: str, *arguments: int) -> None:
    """A call fails for this rule, changes nothing, and its caller gets -1."""
    before, ram = machine.kernel.snapshot(), bytes(machine.ram.bytes)
    assert machine.call(name, *arguments) == -1
    assert machine.kernel.refusal is not None
    assert machine.kernel.refusal.error is error
    assert machine.kernel.snapshot() == before
    assert machine.ram.bytes == ram


# Errors


def test_how_errors_are_told() -> None:
    assert {PLAIN.result_of(error) for error in Error} == {-1}
    assert [STANDARD.result_of(error) for error in Error] == [int(error) for error in Error]


def test_every_refusal_is_minus_one_and_keeps_its_name(plain) -> None:
    refused(plain, Error.NO_FRAME, "frame_unmap", 99, 0)
    refused(plain, Error.UNALIGNED, "frame_split", REST, 1)
    refused(plain, Error.NO_PROCESS, "send", 7, DATA_VA)
    refused(plain, Error.BAD_POINTER, "recv", 0)
    refused(plain, Error.NO_CREATE, "frame_create", 0, PAGE, 2)


def test_no_result_that_is_no_error_is_taken_for_one(plain) -> None:
    assert plain.ok("frame_count") > 0
    assert plain.kernel.refusal is None


# Calls that fail after they have waited, and news of ends


def test_who_waited_for_one_that_ends_goes_on_with_minus_one(plain) -> None:
    child = plain.child()
    plain.blocks("send", child.pid, DATA_VA)
    assert plain.pid == child.pid
    plain.blocks("exit", 3)
    assert plain.resume() == Failed(Error.PEER_DIED, -1)


def test_who_asked_one_that_faults_goes_on_with_minus_one(plain) -> None:
    """Its handler, which would wait for it for ever."""
    child = plain.child()
    plain.turn(child.pid)
    plain.ok("fault_handler", 0)
    plain.turn(0)
    plain.blocks("call", child.pid, DATA_VA)
    plain.crash()
    assert plain.resume() == Failed(Error.PEER_FAULTED, -1)


def test_who_has_lost_the_place_for_a_message_goes_on_with_minus_one(plain) -> None:
    child = plain.child()
    plain.turn(child.pid)
    plain.blocks("recv", DATA_VA)
    empty = plain.l1()
    plain.ok("vspace_swap", child.pid, empty)
    plain.blocks("send", child.pid, DATA_VA)
    assert plain.pid == child.pid
    assert plain.resume() == Failed(Error.BAD_POINTER, -1)


def death(machine: Machine) -> tuple[int, ...]:
    """The news that is at ``DATA_VA``: who ended, how, with what."""
    return struct.unpack("<3i", machine.peek(DATA_VA, 12))


def test_news_of_an_end_comes_with_minus_one_at_once(plain) -> None:
    child = plain.child()
    plain.blocks("recv", DATA_VA)
    plain.blocks("exit", 5)
    assert plain.resume() == Result(-1)
    assert death(plain) == (child.pid, DeathHow.EXITED, 5)


def test_news_of_an_end_comes_with_minus_one_later(plain) -> None:
    child = plain.child()
    plain.turn(child.pid)
    plain.crash()
    assert plain.call("recv", DATA_VA) == -1
    assert plain.kernel.refusal is None
    assert death(plain) == (child.pid, DeathHow.FAULTED, CRASH.kind)


# Numbers that are no calls


@pytest.mark.parametrize("r0", [0, 7, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_unknown_number_leaves_r0_alone(plain, r0) -> None:
    before, ram = plain.kernel.snapshot(), bytes(plain.ram.bytes)
    assert trap(plain.kernel, 99, r0, 1, 2, 3) == r0
    assert plain.kernel.refusal is None
    assert plain.kernel.snapshot() == before
    assert plain.ram.bytes == ram


def test_a_call_that_a_convention_has_not_is_no_call() -> None:
    without = PLAIN._replace(calls=type(CALLS)(call for call in CALLS if call.name != "recv"))
    machine = Machine(calls=without)
    assert machine.kernel.calls.of(Operation.RECV) is None
    assert machine.kernel.calls.name_of(Operation.RECV) == "recv"
    assert trap(machine.kernel, CALLS.named("recv").number, DATA_VA, 0, 0, 0) == DATA_VA


# Arguments in another order


def test_registers_mean_what_the_row_says(plain) -> None:
    """As words, so that no helper can make the same mistake twice."""
    kernel = plain.kernel
    split, map_ = (kernel.calls.named(name).number for name in ("frame_split", "frame_map"))
    upper = trap(kernel, split, PAGE, REST, 0, 0)
    assert isinstance(upper, int)
    assert kernel.frames[REST].len == PAGE
    assert trap(kernel, map_, FREE_VA, RO, upper, SYS) == 0
    assert plain.rights(FREE_VA) == "r--"
    assert (kernel.frames[upper].v_id, kernel.view_va(kernel.frames[upper])) == (SYS, FREE_VA)


def test_signs_follow_their_arguments(plain) -> None:
    """Ids are signed, offsets and addresses are not."""
    refused(plain, Error.NO_FRAME, "frame_split", -1, PAGE)
    assert plain.kernel.refusal.values["f_id"] == NO_ID
    refused(plain, Error.OUT_OF_RANGE, "frame_split", REST, 0xFFFFF000)
    assert plain.kernel.refusal.values["offset"] == 0xFFFFF000


@pytest.mark.parametrize("operation", ORDERS)
def test_registers_and_parameters_are_each_others_opposite(operation) -> None:
    here, standard = PLAIN.calls.of(operation), CALLS.of(operation)
    parameters = tuple(range(10, 10 + len(standard.arguments)))
    registers = here.registers(parameters)
    assert registers != parameters
    assert tuple(here.parameters(registers).values()) == parameters
    assert list(here.parameters(registers)) == [one.name for one in standard.arguments]
    assert standard.registers(parameters) == parameters


def test_a_copy_and_a_restored_kernel_answer_in_the_same_convention(plain) -> None:
    twin = plain.kernel.copy(plain.ram)
    twin.restore(plain.kernel.snapshot())
    assert twin.convention is PLAIN
    assert trap(twin, 99, 5, 0, 0, 0) == 5
    assert trap(twin, CALLS.named("exit").number, 9, 0, 0, 0) is None
    assert twin.halted == Exited(9)


# The table of calls as a value


def test_operations_have_the_names_of_their_convention() -> None:
    row = CALLS.named("yield")
    renamed = CallTable([row._replace(name="rest", number=7)])
    assert renamed.name_of(Operation.YIELD) == "rest"
    assert renamed.name_of(Operation.EXIT) == "exit"
    assert renamed.text("{yield}, then {exit}") == "rest, then exit"
    assert renamed.of(Operation.EXIT) is None


def test_tables_of_equal_rows_are_equal() -> None:
    same = CallTable(list(CALLS))
    other = CallTable([*CALLS][1:])
    assert (same, hash(same)) == (CALLS, hash(CALLS))
    assert other != CALLS
    assert hash(other) != hash(CALLS)
    assert [*CALLS] != CALLS


@pytest.mark.parametrize("change", [{"number": 1}, {"name": "recv"}])
def test_two_calls_of_one_number_or_name_are_our_mistake(change) -> None:
    rows = CALLS.named("send"), CALLS.named("recv")
    with pytest.raises(ValueError, match=r"^CallTable: two calls have the same number or name$"):
        CallTable([rows[0]._replace(**change), rows[1]])
