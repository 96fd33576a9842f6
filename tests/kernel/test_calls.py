"""Tables of calls: what they find, and a kernel that answers another convention than ours."""

from __future__ import annotations

from inspect import signature

import pytest

from kernel_model.abi import Error
from kernel_model.call import CallTable
from kernel_model.handlers import HANDLERS
from kernel_model.operations import PARAMETERS, Operation
from kernel_model.syscalls import CALLS, trap
from kernel_model.trap import trap as enter
from tests.kernel.driver import DATA_VA, FREE_VA, PAGE, REST, RO, SYS, Machine

FIRST = 0x100
"""The first number of the other convention, which counts downwards from the last call."""

OTHERS = CallTable(
    call._replace(number=FIRST + 3 * index, name=f"os_{call.name}", c_name=f"os_{call.name}")
    for index, call in enumerate(reversed(list(CALLS)))
    if call.name != "frame_pool"
)


@pytest.fixture
def other() -> Machine:
    return Machine(calls=OTHERS)


def test_a_table_has_its_rows_in_order():
    assert [call.name for call in OTHERS][:2] == ["os_thread_pointer", "os_frame_unpool"]
    assert len(OTHERS) == len(list(OTHERS)) == len(CALLS) - 1


def test_a_table_finds_calls_by_number_and_by_name():
    split = OTHERS.named("os_frame_split")
    assert split.operation is CALLS.named("frame_split").operation
    assert OTHERS.find(split.number) is split
    assert split in OTHERS
    assert CALLS.named("frame_split") not in OTHERS
    with pytest.raises(KeyError):
        OTHERS.named("os_frame_pool")


@pytest.mark.parametrize("number", [0, FIRST + 1, 0xFFFFFFFF])
def test_a_number_that_is_no_call_has_a_row_that_is_refused(other, number):
    call = OTHERS.find(number)
    assert call not in OTHERS
    assert (call.number, call.name, call.arguments) == (number, f"call_{number}", ())
    assert not call.changes
    assert trap(other.kernel, number, 1, 2, 3, 4) == Error.NO_CALL
    assert str(other.kernel.refusal) == f"E_NO_CALL (no call has number {number})"


def test_two_calls_cannot_share_a_number_or_a_name():
    split, merge = CALLS.named("frame_split"), CALLS.named("frame_merge")
    for rows in ((split, merge._replace(number=3)), (split, merge._replace(name=split.name))):
        with pytest.raises(ValueError, match="CallTable"):
            CallTable(rows)


def test_a_kernel_answers_the_table_that_it_was_made_with(other):
    assert other.kernel.calls is OTHERS
    before = other.ok("os_frame_count")
    upper = other.ok("os_frame_split", REST, PAGE)
    other.ok("os_frame_map", SYS, upper, FREE_VA, RO)
    other.fails(Error.MAPPED, "os_proc_new", upper)
    other.ok("os_frame_lookup", upper, DATA_VA)
    assert other.words(DATA_VA, 1) == (upper,)
    assert other.ok("os_frame_count") == before + 1
    assert other.call("os_exit", 3) is None


def test_a_copy_answers_the_same_table(other):
    assert other.kernel.copy(other.ram).calls is OTHERS


def test_a_call_can_be_made_without_its_number(machine):
    count = machine.ok("frame_count")
    assert enter(machine.kernel, 0, CALLS.named("frame_count"), (0, 0, 0, 0)) == count
    assert enter(machine.kernel, 0, OTHERS.named("os_frame_count"), (0, 0, 0, 0)) == count
    refused = enter(machine.kernel, 0, CALLS.named("frame_split"), (REST, 0, 0, 0))
    assert refused == Error.OUT_OF_RANGE


def test_operations_have_their_parameters_names_whatever_calls_do():
    assert PARAMETERS.keys() == set(Operation)
    for call in CALLS:
        names = tuple(argument.name for argument in call.arguments)
        assert names == PARAMETERS[call.operation]
        assert len(signature(HANDLERS[call.operation]).parameters) == 2 + len(names)
        other = call._replace(
            arguments=tuple(one._replace(name=f"my_{one.name}") for one in call.arguments)
        )
        assert other.parameters((1, 2, 3, 4)) == call.parameters((1, 2, 3, 4))
