"""Hints of faults are obeyed: the calls are made, and then the access is legal.

Each is tried by proc0, by a child on a vspace of its own, and by a thread on a lent vspace, and in
each of them a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from emu.report.hint import Hint
from kernel_model.abi import KERNEL_VA, Error, TableType
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.walk import FaultStatus
from tests.debug.stage import SITUATIONS, Stage, obey
from tests.kernel.driver import CODE_VA, MIB, PAGE, RO, RW, RX, SECTION, TABLE_L2, UART

LEGAL = "legal after"


class Fault(NamedTuple):
    """An access that faults.

    text: how the hint begins.  make: sets the stage and returns the address; it can do so twice.
    """

    text: str
    access: int
    make: Callable[[Stage], int]


def view(flags: int, *, hide: bool = False) -> Callable[[Stage], int]:
    """A view with these flags, in an L2 of its own that is visible or not."""

    def make(stage: Stage) -> int:
        va = stage.far()
        table = stage.installed(va)
        stage.call("frame_map", table, stage.take(), va, flags)
        if hide:
            stage.call("frame_unmap", table, 0)
        return va + 8

    return make


def section(stage: Stage) -> int:
    va = stage.far()
    stage.call("frame_map", stage.own, stage.take(256, MIB), va, SECTION | RO)
    return va + PAGE


def lost(kind: int, *calls: str, flags: int = RW) -> Callable[[Stage], int]:
    """A view that was removed, after which its frame was the object of these calls."""

    def make(stage: Stage) -> int:
        va, child = stage.far(), stage.child()
        table = stage.own if kind else stage.installed(va)
        frame = stage.take(256, MIB) if kind else stage.take()
        stage.call("frame_map", table, frame, va, kind | flags)
        for call in calls:
            arguments = {"frame_unmap": (frame, kind), "frame_give": (frame, child),
                         "frame_pool": (frame,), "hide": (table, 0)}[call]  # fmt: skip
            stage.call(call if call != "hide" else "frame_unmap", *arguments)
        return va + 12

    return make


def merged(stage: Stage) -> int:
    """What was unmapped is the upper part of a larger frame now."""
    va = stage.far()
    table, lower = stage.installed(va), stage.take(2)
    upper = stage.call("frame_split", lower, PAGE)
    stage.call("frame_map", table, upper, va + PAGE, RW)
    stage.call("frame_unmap", upper, 0)
    stage.call("frame_merge", lower, upper)
    return va + PAGE + 12


def half(place: int) -> Callable[[Stage], int]:
    """A part of a view that was removed: the upper of two pages, which are two frames now."""

    def make(stage: Stage) -> int:
        va = stage.far()
        table, frame = stage.installed(va), stage.take(2)
        stage.call("frame_map", table, frame, va, RW)
        stage.call("frame_unmap", frame, 0)
        stage.call("frame_split", frame, PAGE)
        return va + place

    return make


def lost_with_its_table(stage: Stage) -> int:
    """The L2 was removed, with the page in it."""
    va = stage.far()
    table = stage.installed(va)
    frame = stage.take()
    stage.call("frame_map", table, frame, va, RW)
    stage.call("frame_unmap", frame, 0)
    stage.call("frame_unmap", table, TABLE_L2)
    return va + 12


def entry_of_the_l2(stage: Stage) -> int:
    """The entry, in a visible L2, of a page that is read-only."""
    va = stage.va()
    stage.call("frame_map", stage.sys, stage.take(), va, RO)
    table = stage.kernel.frames[stage.sys]
    return stage.kernel.view_va(table) + (va - table.t_va) // PAGE * 4


def entry_of_the_l1(stage: Stage) -> int:
    va = section(stage)
    return stage.kernel.view_va(stage.kernel.frames[stage.own]) + va // MIB * 4


def entry_of_another_vspace(stage: Stage) -> int:
    """The table is of a vspace that is nobody's; in the caller's own the address is its code's."""
    l1, table = stage.table(TableType.L1), stage.table()
    stage.call("frame_map", l1, table, 0, TABLE_L2)
    stage.call("frame_map", table, stage.take(), CODE_VA, RO)
    return stage.kernel.view_va(stage.kernel.frames[table]) + CODE_VA // PAGE * 4


def entry_of_a_loose_table(stage: Stage) -> int:
    return stage.kernel.view_va(stage.kernel.frames[stage.table()]) + 16


def entry_of_a_table(stage: Stage) -> int:
    """The entry for the view of a table, which is never writable."""
    table = stage.kernel.frames[stage.sys]
    place = stage.kernel.view_va(stage.kernel.frames[stage.installed()])
    return stage.kernel.view_va(table) + (place - table.t_va) // PAGE * 4


def moved(stage: Stage) -> int:
    va, table, frame = stage.va(2 * PAGE), stage.sys, stage.take()
    stage.call("frame_map", table, frame, va, RW)
    stage.call("frame_map", table, frame, va + PAGE, RW)
    return va + 8


def empty_entry(stage: Stage) -> int:
    return stage.kernel.view_va(stage.kernel.frames[stage.installed()]) + 16


MENDED = (
    Fault(LEGAL, WRITE, view(RO)),
    Fault(LEGAL, WRITE, view(RX)),
    Fault(LEGAL, WRITE, view(RO, hide=True)),
    Fault(LEGAL, EXEC, view(RW)),
    Fault(LEGAL, EXEC, view(RO, hide=True)),
    Fault(LEGAL, WRITE, section),
    Fault(LEGAL, EXEC, section),
    Fault("legal again after", WRITE, lost(0, "frame_unmap")),
    Fault("legal again after", READ, lost(0, "frame_unmap", "hide")),
    Fault("legal again after", WRITE, lost(0, "frame_unmap", flags=RO)),
    Fault("legal again after", EXEC, lost(0, "frame_unmap", flags=RX)),
    Fault("legal again after", WRITE, lost(0, "frame_unmap", "frame_pool")),
    Fault("frame ", WRITE, lost(0, "frame_give")),
    Fault("frame ", READ, lost(0, "frame_give", "hide")),
    Fault("legal again after", WRITE, lost(SECTION, "frame_unmap")),
    Fault("frame ", READ, lost(SECTION, "frame_give")),
    Fault("legal again after", WRITE, merged),
    Fault("legal again after", READ, half(12)),
    Fault("legal again after", WRITE, half(PAGE + 12)),
    Fault(LEGAL, READ, lost_with_its_table),
    Fault(LEGAL, WRITE, lost_with_its_table),
    Fault(LEGAL, READ, lambda stage: stage.far() + 4),
    Fault(LEGAL, WRITE, lambda stage: stage.far() + 4),
    Fault(LEGAL, WRITE, lambda stage: stage.va() + 4),
)  # fmt: skip
"""Accesses that calls would have made legal."""

EDITS = (entry_of_the_l2, entry_of_the_l1, entry_of_another_vspace)
"""Stores to entries of tables: calls do what the store would have."""

SENTENCES = (
    Fault("no call maps page 0", READ, lambda _: 4),
    Fault("no call maps anything there", WRITE, lambda _: 0xF0000000),
    Fault("nothing was ever there to execute", EXEC, lambda stage: stage.far()),
    Fault("a table is never executed", EXEC, empty_entry),
    Fault("the kernel changes tables, in frame_map and", WRITE, entry_of_a_loose_table),
    Fault("the kernel changes tables; this entry is for 0x", WRITE, empty_entry),
    Fault("the kernel changes tables; this entry is for 0x", WRITE, entry_of_a_table),
    Fault("frame ", WRITE, moved),
)  # fmt: skip
"""Accesses that no call makes legal."""


class Faulting:
    """A stage whose process, or a thread of it on its vspace, makes accesses that fault."""

    def __init__(self, situation: str) -> None:
        self.stage = Stage("child" if situation == "child" else "proc0")
        self.pid = self.stage.pid
        if situation == "thread":
            self.pid = self.stage.child()
            self.stage.call("vspace_lend", self.pid, self.stage.own)

    def status(self, va: int, access: int) -> FaultStatus | None:
        return self.stage.walk(self.pid, va).refusal(access)

    def hint(self, va: int, access: int) -> Hint:
        hint = self.stage.hint_of_fault(self.pid, va, access)
        assert hint is not None
        return hint


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("fault", MENDED, ids=lambda fault: fault.make.__name__)
def test_what_is_advised_makes_the_access_legal(fault: Fault, situation: str) -> None:
    faulting = Faulting(situation)
    for _ in range(2):
        va = fault.make(faulting.stage)
        hint = faulting.hint(va, fault.access)
        assert hint.text.startswith(fault.text)
        assert hint.calls, hint.text
        obey(faulting.stage.kernel, hint.calls)
        assert faulting.status(va, fault.access) is None


@pytest.mark.parametrize("place", [12, PAGE + 12])
def test_what_was_there_is_there_again(place: int) -> None:
    """Not only some memory: that of the address itself, though its frame has been cut."""
    faulting = Faulting("proc0")
    va = half(place)(faulting.stage)
    hint = faulting.hint(va, READ)
    upper = faulting.stage.kernel.frames[faulting.stage.kernel.next_f_id - 1]
    obey(faulting.stage.kernel, hint.calls)
    assert faulting.stage.walk(faulting.pid, va).pa == upper.pa - PAGE + place


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("make", EDITS)
def test_what_is_advised_changes_the_entry(make: Callable[[Stage], int], situation: str) -> None:
    """The entry becomes what the program tried to make of it."""
    faulting = Faulting(situation)
    kernel = faulting.stage.kernel
    for number in range(1 if make is entry_of_another_vspace else 2):
        va = make(faulting.stage)
        entry = faulting.stage.walk(faulting.pid, va).pa
        before = kernel.memory.read_word(entry)
        hint = faulting.hint(va, WRITE)
        assert "which is writable after" in hint.text, number
        obey(kernel, hint.calls)
        changed = before ^ kernel.memory.read_word(entry)
        assert changed in (0x10, 0x400)  # AP[0] of a small page, of a section


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("fault", SENTENCES, ids=lambda fault: fault.text[:24])
def test_where_no_call_helps_there_is_a_sentence(fault: Fault, situation: str) -> None:
    faulting = Faulting(situation)
    hint = faulting.hint(fault.make(faulting.stage), fault.access)
    assert hint.text.startswith(fault.text)
    assert not hint.calls


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_linker_is_named_for_the_stack_that_it_decides_on(situation: str) -> None:
    """Stacks that programs map, for threads and children and themselves, are mapped otherwise."""
    faulting = Faulting(situation)
    stage = faulting.stage
    mapped = view(RW)(stage)
    stacks = {KERNEL_VA - 64: situation == "proc0", mapped: False}
    if situation == "child":
        del stacks[KERNEL_VA - 64]
    for sp, is_told in stacks.items():
        stage.registers = (*[0] * 13, sp, 0, sp, 0x10)
        hint = faulting.hint(sp, EXEC)
        assert ("-z execstack" in hint.text) is is_told
        obey(stage.kernel, hint.calls)
        assert faulting.status(sp, EXEC) is None


def test_memory_that_became_a_process() -> None:
    faulting = Faulting("proc0")
    stage, va = faulting.stage, faulting.stage.far()
    table, frame = stage.installed(va), stage.take(2)
    stage.call("frame_map", table, frame, va, RW)
    stage.call("frame_unmap", frame, 0)
    stage.call("proc_new", frame)
    assert faulting.hint(va, WRITE) == (f"frame {frame} is the record of a process now", ())


@pytest.mark.parametrize(
    ("access", "text"),
    [(WRITE, "the kernel alone writes there"), (EXEC, "a process's information is never executed")],
)
def test_a_process_at_its_information(access: int, text: str) -> None:
    faulting = Faulting("proc0")
    stage = faulting.stage
    l1, table, record = stage.table(TableType.L1), stage.table(), stage.take(2)
    stage.call("frame_map", l1, table, 0, TABLE_L2)
    stage.call("frame_map", table, table, 0x44000, RO)
    faulting.pid = stage.call("proc_new", record)
    stage.call("vspace_swap", faulting.pid, l1)
    stage.as_process(faulting.pid, "frame_map", table, record, 0x60000, RO)
    hint = faulting.hint(0x60004, access)
    assert hint == (text, ())


def test_the_frame_of_a_refused_call_is_mapped() -> None:
    """With the right that the access needs, which the call did not ask for."""
    faulting = Faulting("proc0")
    stage, va = faulting.stage, faulting.stage.far()
    frame = stage.take()
    stage.advice(Error.OUT_OF_RANGE, "frame_map", stage.sys, frame, va, RO)
    hint = faulting.hint(va, WRITE)
    assert hint.calls[-1][1].arguments[1] == frame
    obey(stage.kernel, hint.calls)
    assert faulting.status(va, WRITE) is None


def test_a_device_is_never_executed() -> None:
    faulting = Faulting("proc0")
    va = faulting.stage.va()
    faulting.stage.call("frame_map", faulting.stage.sys, UART, va, RW)
    assert faulting.hint(va, EXEC) == ("a device is never executed", ())


def test_what_a_lender_without_a_vspace_of_its_own_cannot_do() -> None:
    """A process that has lent its L1 and runs on another's cannot map in either."""
    stage = Stage("child")
    faulting = Faulting("proc0")
    faulting.stage, faulting.pid = stage, stage.child()
    va = view(RO)(stage)
    stage.call("vspace_lend", faulting.pid, stage.own)
    stage.is_lent = True
    stage.lend()
    hint = faulting.hint(va, WRITE)
    assert not hint.calls
    assert hint.text.endswith("process 0 has lent this vspace, and maps in it")
