"""The kernel's state as a value: every field of every object is part of it and is put back.

The fields are found by reflection, so that one added later cannot be forgotten.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import fields
from enum import IntEnum

import pytest

from kernel_model.frame import Frame
from kernel_model.kernel import Kernel
from kernel_model.memory import Ram
from kernel_model.process import Exited, Process, Registers
from tests.kernel.driver import (
    CODE,
    CRASH,
    DATA_VA,
    FREE_VA,
    LOW,
    PAGE,
    REST,
    Machine,
    busy_machine,
)

FIXED = {
    "Kernel": {
        "memory",
        "start",
        "convention",
        "calls",
        "host",
        "tell",
        "tell_written",
        "devices",
        "editor",
        "core",
        "refusal",
        "work",
        "boot_room",
        "prepared",
    },
    "TableEditor": {"memory", "tell", "charge", "kernel_pa", "windows", "window"},
    "Window": {"memory", "table"},
}
"""What a kernel is made of and never changes; and why the last call failed, for traces."""

OBJECTS: dict[str, Callable[[Kernel], object]] = {
    "Kernel": lambda kernel: kernel,
    "Frame": lambda kernel: kernel.frames[LOW],
    "Process": lambda kernel: kernel.processes[1],
    "TableEditor": lambda kernel: kernel.editor,
    "Window": lambda kernel: kernel.editor.window,
}


def names_of(thing: object) -> list[str]:
    kinds = {Frame, Process}
    if type(thing) in kinds:
        return [field.name for field in fields(thing)]
    return list(vars(thing))


FIELDS = [
    (kind, name)
    for kind, find in OBJECTS.items()
    for name in names_of(find(busy_machine().kernel))
    if name not in FIXED.get(kind, ())
]


def another(name: str, value: object) -> object:
    """A value that a field does not have."""
    if value is None:
        return {"halted": Exited(0), "resume": Registers(tuple(range(17))), "fault": CRASH}[name]
    if isinstance(value, IntEnum):
        return next(member for member in type(value) if member is not value)
    if isinstance(value, dict):
        return dict(list(value.items())[1:]) if value else {7: None}
    changes: dict[type, Callable] = {
        bool: lambda value: not value,
        int: lambda value: value + 1,
        bytes: lambda value: value + b"more",
        tuple: lambda value: value[1:] if value else (7,),
        deque: lambda value: deque([*value, 7]),
        list: lambda value: [None, *value],
    }
    return next(change for kind, change in changes.items() if isinstance(value, kind))(value)


@pytest.fixture
def busy() -> Machine:
    return busy_machine()


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_every_field_is_noticed_and_put_back(busy, kind, name):
    kernel, find = busy.kernel, OBJECTS[kind]
    before, copy = kernel.snapshot(), kernel.copy(busy.ram)
    value = getattr(find(kernel), name)
    changed = another(name, value)
    setattr(find(kernel), name, changed)
    after = kernel.snapshot()
    assert after != before
    assert copy.snapshot() == before
    kernel.restore(before)
    assert kernel.snapshot() == before
    assert getattr(find(kernel), name) == value
    if kind != "Kernel" and name not in ("f_id", "pid"):  # that would be no kernel
        kernel.restore(after)
        assert kernel.snapshot() == after


def test_there_is_a_field_for_each_kind():
    assert {kind for kind, _ in FIELDS} == set(OBJECTS) - {"TableEditor"}


def last_first(members: dict) -> None:
    first = next(iter(members))
    members[first] = members.pop(first)


@pytest.mark.parametrize(
    "members",
    [
        lambda kernel: kernel.frames,
        lambda kernel: kernel.processes,
        lambda kernel: kernel.frames[LOW].views,
        lambda kernel: kernel.frames[0].installed,
        lambda kernel: kernel.processes[0].frames,
        lambda kernel: kernel.processes[1].senders,
    ],
)
def test_the_order_of_lists_is_part_of_the_state(busy, members):
    busy.kernel.processes[1].senders.update({7: None, 8: None})
    before = busy.kernel.snapshot()
    last_first(members(busy.kernel))
    after = busy.kernel.snapshot()
    assert after != before
    busy.kernel.restore(before)
    assert busy.kernel.snapshot() == before
    busy.kernel.restore(after)
    assert busy.kernel.snapshot() == after


def test_a_state_stays_what_it_was(busy):
    before = busy.kernel.snapshot()
    text = repr(before)
    busy.ok("recv", DATA_VA)
    busy.turn(0)
    busy.ok("frame_unmap", CODE, 0)
    busy.view(busy.take(), FREE_VA)
    assert busy.kernel.snapshot() != before
    assert repr(before) == text
    assert hash(before) == hash(before)


def test_a_restored_kernel_goes_on_as_it_did(busy):
    before, ram = busy.kernel.snapshot(), bytes(busy.ram.bytes)
    states = []
    for _ in range(2):
        results = [busy.ok("recv", DATA_VA), busy.ok("frame_split", 12, PAGE)]
        busy.blocks("exit", 0)
        results.append(busy.ok("frame_split", REST, PAGE))
        states.append((results, busy.kernel.snapshot(), bytes(busy.ram.bytes)))
        busy.kernel.restore(before)
        busy.ram.write(busy.ram.base, ram)
        busy.host.look_again(busy.kernel)
        busy.host.tlb.clear()
        busy.host.code.clear()
    assert states[0] == states[1]


def test_another_kernel_becomes_the_same_over_its_own_memory(busy):
    ram = Ram(busy.ram.base, busy.ram.size, memoryview(bytearray(busy.ram.bytes)))
    other = Kernel(ram, busy.kernel.calls, devices=busy.kernel.devices)
    other.restore(busy.kernel.snapshot())
    assert other.snapshot() == busy.kernel.snapshot()
    assert other.memory is ram
    assert other.running[0] is other.processes[1]


def test_a_refusal_is_no_part_of_the_state(busy):
    before = busy.kernel.snapshot()
    assert busy.call("frame_split", 99, 0) < 0
    assert busy.kernel.snapshot() == before
    busy.kernel.restore(before)
    assert busy.kernel.refusal is None


def test_cores_that_idle_are_part_of_the_state():
    machine = Machine(cores=3)
    machine.child()
    before = machine.kernel.snapshot()
    machine.blocks("recv", DATA_VA)
    assert machine.kernel.snapshot() != before
    machine.kernel.restore(before)
    running = [process and process.pid for process in machine.kernel.running]
    assert running == [0, 1, None]
