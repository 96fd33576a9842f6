"""Plans: every call of one succeeds, and then what was wanted is mapped."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kernel_model.abi import KERNEL_VA, MAP_READ, FrameType, TableType
from kernel_model.frame import Frame
from kernel_model.handlers import carry_out
from kernel_model.invariants import check_invariants
from kernel_model.kernel import Kernel
from kernel_model.memory import Ram
from kernel_model.plan import NoPlanError, Plan, PlannedCall, free_memory, table_over
from kernel_model.syscalls import CALLS, trap
from tests.kernel.adversary import Adversary, run_programs
from tests.kernel.driver import (
    AREA,
    CHILD_L2_VA,
    DATA,
    DATA_VA,
    FREE_VA,
    L1,
    LOW,
    MIB,
    PAGE,
    PAGE_KIND,
    RAM_BASE,
    REST,
    RO,
    RW,
    SYS,
    TABLE_L2,
    Machine,
    is_writable,
    set_room,
)

FAR = 0x40000000
"""An address that no table translates at first."""


def plan_of(machine: Machine) -> Plan:
    return Plan(machine.kernel, machine.current)


def follow(machine: Machine, calls: Sequence[PlannedCall]) -> None:
    for name, arguments in calls:
        machine.ok(name, *arguments)


def names(plan: Plan) -> list[str]:
    return [call.operation for call in plan.calls]


def test_the_kernel_carries_out_a_plan_as_if_the_process_had_called() -> None:
    called, carried = Machine(), Machine()
    for machine in (called, carried):
        child = machine.child()
        machine.ok("frame_give", machine.take(8), child.pid)
    plan = plan_of(carried)
    plan.map_page(FAR, RW)
    follow(called, plan.calls)
    carry_out(carried.kernel, carried.current, plan.calls)
    assert carried.rights(FAR) == "rw-"
    carried.current.calls = called.current.calls  # a plan is no call of the process's
    assert carried.kernel.snapshot() == called.kernel.snapshot()
    assert carried.ram.bytes == called.ram.bytes


def test_a_process_sees_in_its_record_that_a_plan_was_carried_out(machine: Machine) -> None:
    record = machine.take(2)
    child = machine.kernel.processes[machine.ok("proc_new", record)]
    machine.host.forget()
    carry_out(machine.kernel, child, [])
    assert machine.host.written == [(machine.kernel.frames[record].pa, 32)]


def test_a_page_where_a_table_is(machine: Machine) -> None:
    plan = plan_of(machine)
    plan.map_page(FREE_VA + 5, RW)
    assert names(plan) == ["frame_split", "frame_map"]
    follow(machine, plan.calls)
    assert machine.rights(FREE_VA) == "rw-"


def test_a_page_where_no_table_is(machine: Machine) -> None:
    plan = plan_of(machine)
    plan.map_page(FAR, RW)
    assert names(plan) == [
        "frame_split", "frame_map", "frame_table", "frame_map", "frame_split", "frame_map",
    ]  # fmt: skip
    follow(machine, plan.calls)
    assert machine.rights(FAR) == "rw-"


@pytest.mark.parametrize("start", [FAR, FAR + MIB, DATA_VA + 4 * PAGE, FAR + 3 * MIB + 5 * PAGE])
def test_a_range_over_several_tables(start: int) -> None:
    machine = Machine(size=32 * MIB)
    end = start + 20 * MIB + PAGE
    plan = plan_of(machine)
    assert plan.map_range(start, end, RW) == end
    follow(machine, plan.calls)
    assert {machine.rights(va) for va in range(start, end, PAGE)} == {"rw-"}
    assert machine.rights(end) == "---"
    tables = [table_over(machine.kernel, machine.current, va) for va in range(start, end, 4 * MIB)]
    assert len({table.f_id for table in tables if table}) > 4


def test_a_range_ends_where_memory_does(machine: Machine) -> None:
    free = sum(frame.len for frame in free_memory(machine.kernel, machine.current))
    plan = plan_of(machine)
    end = plan.map_range(FREE_VA, FREE_VA + 8 * MIB, RW)
    follow(machine, plan.calls)
    assert end == FREE_VA + free
    assert {machine.rights(va) for va in range(FREE_VA, end, PAGE)} == {"rw-"}
    assert machine.rights(end) == "---"


def test_a_range_ends_before_a_section(machine: Machine) -> None:
    """Tables of 4 MiB give way to it, as far as they can."""
    machine = Machine(size=32 * MIB)
    machine.ok("frame_map", L1, machine.take(256, align=MIB), FAR + 6 * MIB, RO | 1 << 2)
    plan = plan_of(machine)
    end = plan.map_range(FAR, FAR + 8 * MIB, RW)
    follow(machine, plan.calls)
    assert end == FAR + 4 * MIB


def test_memory_in_pieces_will_do(machine: Machine) -> None:
    pieces = [machine.take(pages) for pages in (3, 1, 5, 2)]
    machine.ok("frame_pool", machine.take(1))
    machine.view(REST, FREE_VA)
    plan = plan_of(machine)
    assert plan.map_range(DATA_VA + 4 * PAGE, DATA_VA + 15 * PAGE, RW) == DATA_VA + 15 * PAGE
    follow(machine, plan.calls)
    assert all(machine.kernel.frames[piece].is_viewed for piece in pieces)


def test_without_room_for_a_frame_whole_ones_are_used(machine: Machine) -> None:
    small = machine.take(3)
    set_room(machine.kernel, machine.kernel.processes[0].charged)
    plan = plan_of(machine)
    assert plan.map_range(FREE_VA, FREE_VA + 4 * PAGE, RW) == FREE_VA + 3 * PAGE
    assert plan.calls == [PlannedCall("frame_map", (SYS, small, FREE_VA, RW))]
    follow(machine, plan.calls)


def test_nothing_is_advised_that_the_pool_has_no_room_for(machine: Machine) -> None:
    set_room(machine.kernel, machine.kernel.processes[0].charged)
    with pytest.raises(NoPlanError, match="no room"):
        plan_of(machine).map_page(FREE_VA, RW)


@pytest.mark.parametrize("va", [0, 0xFFF, KERNEL_VA, 0xFFFFFFFF, DATA_VA])
def test_where_nothing_can_be_mapped(machine: Machine, va: int) -> None:
    with pytest.raises(NoPlanError):
        plan_of(machine).map_page(va, RW)


def test_an_l1_that_is_not_viewed_is_viewed_first(machine: Machine) -> None:
    """It takes four entries in a row: single ones are no room for it."""
    machine.ok("frame_unmap", L1, PAGE_KIND)
    machine.view(machine.take(), AREA + 3 * PAGE)
    plan = plan_of(machine)
    plan.map_page(FAR, RW)
    follow(machine, plan.calls)
    assert machine.rights(FAR) == "rw-"
    assert machine.kernel.frames[L1].is_viewed


def test_a_hidden_table_is_viewed_first(machine: Machine) -> None:
    machine.ok("frame_unmap", LOW, PAGE_KIND)
    plan = plan_of(machine)
    plan.map_page(DATA_VA + 4 * PAGE, RW)
    follow(machine, plan.calls)
    assert machine.rights(DATA_VA + 4 * PAGE) == "rw-"


def test_a_process_that_sees_none_of_its_tables_can_do_nothing(machine: Machine) -> None:
    for table in (L1, LOW, SYS):
        machine.ok("frame_unmap", table, PAGE_KIND)
    with pytest.raises(NoPlanError):
        plan_of(machine).map_page(FREE_VA, RW)


def test_a_view_of_a_table_is_not_put_where_memory_is_wanted(machine: Machine) -> None:
    """The lowest free entries of the table are just those that are wanted."""
    taken = machine.kernel.frames[SYS].views
    first = max(machine.kernel.view_va(machine.kernel.frames[f]) for f in taken if f < DATA) + PAGE
    machine.ok("frame_unmap", LOW, PAGE_KIND)
    plan = plan_of(machine)
    plan.map_range(first, first + 3 * PAGE, RW)
    plan.map_page(DATA_VA + 4 * PAGE, RW)
    follow(machine, plan.calls)


def test_a_frame_may_move_onto_its_own_pages(machine: Machine) -> None:
    frame = machine.take(4)
    machine.view(frame, FREE_VA)
    plan = plan_of(machine)
    plan.map_frame(machine.kernel.frames[frame], FREE_VA + PAGE, RW)
    follow(machine, plan.calls)
    assert machine.rights(FREE_VA) == "---"
    assert machine.rights(FREE_VA + PAGE) == "rw-"


def test_of_a_record_only_the_first_page_needs_room(machine: Machine) -> None:
    """A process maps its own record in the last free page below another view."""
    record = machine.take(2)
    pid = machine.ok("proc_new", record)
    l1, table = machine.l1(), machine.l2()
    machine.ok("frame_map", l1, table, 0, TABLE_L2)
    machine.view(machine.take(), 0x60000 + PAGE, table=table)
    machine.view(table, CHILD_L2_VA, table=table)
    machine.ok("vspace_swap", pid, l1)
    plan = Plan(machine.kernel, machine.kernel.processes[pid])
    plan.map_frame(machine.kernel.frames[record], 0x60000, RO)
    assert [call.operation for call in plan.calls] == ["frame_map"]


def test_frames_that_cannot_be_mapped_so(machine: Machine) -> None:
    table, pool = machine.l2(), machine.take()
    machine.ok("frame_pool", pool)
    foreign = machine.kernel.frames[machine.record_child()[1]]
    frames = machine.kernel.frames
    for frame, flags in ((frames[table], RW), (frames[pool], RO), (foreign, RO)):
        with pytest.raises(NoPlanError):
            plan_of(machine).map_frame(frame, FAR, flags)


def test_a_table_is_installed_where_it_is_needed(machine: Machine) -> None:
    table = machine.l2()
    plan = plan_of(machine)
    plan.install(machine.kernel.frames[table], FAR + 5 * MIB)
    follow(machine, plan.calls)
    found = table_over(machine.kernel, machine.current, FAR + 5 * MIB)
    assert found is machine.kernel.frames[table]


def test_a_table_that_would_map_page_0_is_not_installed_there(machine: Machine) -> None:
    table = machine.l2()
    machine.ok("frame_map", L1, table, FAR, TABLE_L2)
    machine.view(machine.take(), FAR, table=table)
    machine.ok("frame_unmap", table, TABLE_L2)
    machine.ok("frame_unmap", LOW, TABLE_L2)
    with pytest.raises(NoPlanError, match="page 0"):
        plan_of(machine).install(machine.kernel.frames[table], PAGE)


# -- whatever the process has done before ---------------------------------------------------

PLACES = (PAGE, DATA_VA, DATA_VA + 5 * PAGE, MIB, FREE_VA, FAR, KERNEL_VA - PAGE, KERNEL_VA - MIB)


class Planned(Adversary):
    """At its end each hostile program makes plans, and follows them."""

    def teardown(self) -> None:
        kernel = self.trial.kernel
        for va in PLACES:
            self.check_range(va, va + 9 * PAGE + 5 * MIB)
            self.check_page(va)
        for frame in list(kernel.frames.values()):
            self.check_frame(frame)

    def twin(self) -> Kernel:
        """A copy of the kernel to try a plan on."""
        ram = Ram(RAM_BASE, self.trial.ram.size, memoryview(bytearray(self.trial.buffer)))
        return self.trial.kernel.copy(ram)

    def follow(self, plan: Plan) -> Kernel:
        kernel = self.twin()
        for name, arguments in plan.calls:
            words = [argument & 0xFFFFFFFF for argument in arguments]
            result = trap(kernel, CALLS.named(name).number, *words)
            assert result is not None
            assert result >= 0, f"{name}{arguments}: {kernel.refusal}"
        check_invariants(kernel)
        return kernel

    def new_plan(self) -> Plan:
        current = self.trial.kernel.running[0]
        assert current is not None
        return Plan(self.trial.kernel, current)

    def check_range(self, start: int, end: int) -> None:
        plan = self.new_plan()
        mapped = plan.map_range(start, end, RW)
        assert start <= mapped <= end
        kernel = self.follow(plan)
        for va in range(start, mapped, PAGE):
            assert is_writable(kernel, va)

    def check_page(self, va: int) -> None:
        plan = self.new_plan()
        try:
            plan.map_page(va, RW)
        except NoPlanError:
            return
        assert is_writable(self.follow(plan), va)

    def check_frame(self, frame: Frame) -> None:
        """What is advised for a frame, as reports ask for it."""
        if frame.owner != self.oracle.me or frame.type is FrameType.POOL:
            return
        steps = [lambda plan: plan.see(frame), lambda plan: plan.map_frame(frame, FAR, MAP_READ)]
        if frame.table is TableType.L2 and not frame.is_installed:
            steps.append(lambda plan: plan.install(frame, FAR))
        for step in steps:
            plan = self.new_plan()
            try:
                step(plan)
            except NoPlanError:
                continue
            self.follow(plan)


@pytest.mark.parametrize("number", range(2))
def test_plans_of_hostile_programs(number: int) -> None:
    run_programs(Planned, number, programs=16)
