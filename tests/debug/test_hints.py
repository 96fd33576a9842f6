"""What reports planned really makes the access legal: the calls are made, and the access tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import How, Machine, Options
from emu.machine.fault import MachineFault
from emu.machine.history import KernelEntry
from emu.report.cause import cause_of
from emu.report.context import Context
from emu.report.hint import Hint, hint_for
from emu.report.refusal import is_end_of_list
from emu.report.remedy import remedy
from kernel_model.descriptors import EXEC
from kernel_model.errors import Refused
from kernel_model.plan import PlannedCall
from kernel_model.walk import walk
from tests.debug.rig import context_now, debug_for, machine_for
from tests.debug.stage import obey
from tests.guests import guest
from tests.observing import OnFault, OnRefusal
from tests.traced import BACKENDS

MENDABLE = [
    "stack_overflow", "jump_to_data", "use_after_unmap", "use_after_give", "missing_l2",
]  # fmt: skip
"""Faults that calls would have prevented."""


def follow(machine: Machine, calls: Sequence[tuple[int, PlannedCall]]) -> None:
    """Make the calls, each by the process that is to make it; all must succeed."""
    obey(machine.kernel, calls)


@pytest.mark.parametrize("code", ["", ".arm"], ids=["thumb", "arm"])
@pytest.mark.parametrize("name", MENDABLE)
def test_hint_of_a_fault(name: str, code: str) -> None:
    path = guest(f"mistakes/{name}{code}")
    seen: list[str] = []

    def on_fault(fault: MachineFault) -> None:
        context = context_now(machine, debug_for(path))
        hint = hint_for(context, fault, cause_of(context, fault))
        assert hint is not None
        assert hint.calls
        follow(machine, hint.calls)
        l1_pa = machine.kernel.l1_pa(context.process)
        assert walk(machine.ram.ram, l1_pa, fault.va).refusal(fault.access) is None
        seen.append(hint.text)

    machine = machine_for(path, on_fault)
    machine.run()
    assert len(seen) == 1


def test_hint_for_nested_functions_that_may_not_run() -> None:
    """The same program as it would be without the linker's option, and then with it."""
    path = guest("newlib/nested.thumb-hard")
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    hints: list[Hint | None] = []

    def on_fault(fault: MachineFault) -> None:
        context = context_now(machine, debug_for(path))
        hints.append(hint_for(context, fault, cause_of(context, fault)))

    for executable, how in ((False, How.FAULTED), (True, How.EXITED)):
        machine = Machine(image._replace(is_stack_executable=executable), ScriptedWorld())
        machine.observers.add(OnFault(on_fault))
        assert machine.run().how is how
    (hint,) = hints
    assert hint is not None
    assert hint.text == "for GCC's nested functions link with -z execstack; else legal after"
    assert [call.operation for _, call in hint.calls] == ["frame_map"]


def test_hint_to_change_a_table_by_a_call() -> None:
    """The entry that a program tried to make writable by hand becomes so."""
    path = guest("mistakes/write_own_table")
    seen: list[Hint] = []

    def on_fault(fault: MachineFault) -> None:
        context = context_now(machine, debug_for(path))
        hint = hint_for(context, fault, cause_of(context, fault))
        assert hint is not None
        pa = machine.cores[0].backend.translate(fault.va).pa
        word = machine.ram.ram.read_word(pa)
        follow(machine, hint.calls)
        assert machine.ram.ram.read_word(pa) == word | 0x10
        seen.append(hint)

    machine = machine_for(path, on_fault)
    machine.run()
    assert len(seen) == 1


class Mender:
    """Follows the advice for each refused call of a program, and notes which errors there were."""

    def __init__(self, machine: Machine, context: Context) -> None:
        self.machine, self.context = machine, context
        self.mended: list[str] = []

    def on_refused(self, entry: KernelEntry, refusal: Refused) -> None:
        if is_end_of_list(entry, refusal):
            return
        hint = remedy(self.context, entry.call, entry.words, refusal)
        assert hint is not None
        follow(self.machine, hint.calls)
        self.mended.append(f"{entry.call.name} {refusal.error.name}")


@pytest.mark.parametrize(
    ("name", "mended"),
    [
        ("unaligned_table", ["frame_map UNALIGNED"]),
        ("wrong_flags", ["frame_map BAD_FLAGS"]),
        ("missing_l2", ["frame_map OUT_OF_RANGE"]),
    ],
)
def test_hint_of_a_refused_call(name: str, mended: list[str]) -> None:
    path = guest(f"mistakes/{name}")
    machine = machine_for(path)
    mender = Mender(machine, context_now(machine, debug_for(path)))
    machine.observers.add(OnRefusal(mender.on_refused))
    machine.run()
    assert mender.mended == mended


class Obeyed(NamedTuple):
    """A run in which the hint of each fault is obeyed and the access tried again.

    faults: what was refused, in order.  how: how it ended.
    """

    faults: list[MachineFault]
    how: How


def run_obeying(arguments: tuple[str, ...], mmu: str, most: int = 12) -> Obeyed:
    """Run ``mistakes/either`` so; it stops after ``most`` faults."""
    path = guest("mistakes/either")
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    machine = Machine(image, ScriptedWorld(arguments=arguments), Options(mmu=mmu))
    debug, faults = debug_for(path), []

    def on_fault(fault: MachineFault) -> None:
        faults.append(fault)
        context = context_now(machine, debug)
        hint = hint_for(context, fault, cause_of(context, fault))
        if hint is None or not hint.calls or len(faults) > most:
            return
        follow(machine, hint.calls)
        machine.retry_fault()

    machine.observers.add(OnFault(on_fault))
    return Obeyed(faults, machine.run().how)


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("who", [(), ("t",)], ids=["proc0", "thread"])
@pytest.mark.parametrize("letter", "abcd")
def test_a_program_goes_on_when_hints_are_obeyed(
    letter: str, who: tuple[str, ...], mmu: str
) -> None:
    """Stores to constants and code are done; the stack grows, page by page; data is executed."""
    obeyed = run_obeying(("either", letter, *who), mmu)
    places = [fault.va for fault in obeyed.faults]
    assert len(set(places)) == len(places)  # no access is refused again
    if letter in "ab":
        assert (obeyed.how, len(places)) == (How.EXITED, 1)
    elif letter == "c":
        assert len(places) > 8
        assert places == sorted(places, reverse=True)
    else:
        assert obeyed.faults[0].access == EXEC
