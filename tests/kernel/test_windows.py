"""Rule 14: each core edits tables through its own window, and every L1 holds all of them."""

from __future__ import annotations

import pytest

from kernel_model.abi import WINDOW_VA
from kernel_model.invariants import check_invariants
from kernel_model.walk import walk
from kernel_model.window import window_table, window_va
from tests.kernel.driver import FREE_VA, MIB, PAGE, RAM_BASE, RO, SYS, TABLE_L2, Machine

CORES = 3


@pytest.fixture
def many() -> Machine:
    """proc0 on core 0, a child on each of the others."""
    machine = Machine(16 * MIB, cores=CORES)
    for _ in range(CORES - 1):
        machine.child()
    return machine


def shown(machine: Machine, core: int) -> int:
    """The page (pa) that a core's window shows, as the tables in memory say."""
    word = machine.ram.read_word(window_table(RAM_BASE, core))
    return word & ~(PAGE - 1) if word else 0


def test_windows_are_at_addresses_of_their_own():
    assert [window_va(core) for core in range(3)] == [
        WINDOW_VA, WINDOW_VA - MIB, WINDOW_VA - 2 * MIB,
    ]  # fmt: skip


def test_every_vspace_reaches_every_window(many):
    kernel = many.kernel
    for process in kernel.processes.values():
        for core in range(CORES):
            found = walk(kernel.memory, kernel.l1_pa(process), window_va(core))
            assert (found.pa, found.user) == (shown(many, core) or None, 0) or found.fault
            assert not found.user


def test_a_core_edits_through_its_own_window_alone(many):
    before = [shown(many, core) for core in range(CORES)]
    many.core = 1
    l2 = next(
        table for table in many.kernel.frames.values() if table.owner == 1 and table.installed
    )
    l2 = many.kernel.frames[next(iter(l2.installed))]
    page = next(f_id for f_id in l2.views if not many.kernel.frames[f_id].is_table)
    many.ok("frame_unmap", page, 0)
    assert shown(many, 1) == l2.pa & ~(PAGE - 1)
    assert [shown(many, core) for core in (0, 2)] == [before[0], before[2]]


def test_cores_that_edit_in_turn_keep_their_pages(many):
    """Each window goes on showing what its core edited last."""
    l2 = many.l2()
    many.ok("frame_map", 0, l2, 0x40000000, TABLE_L2)
    page = many.take()
    many.view(page, FREE_VA + 8 * MIB - PAGE, RO, SYS)
    at_0 = shown(many, 0)
    many.core = 2
    frame = next(f for f in many.kernel.frames.values() if f.owner == 2 and f.is_viewed)
    many.ok("frame_unmap", frame.f_id, frame.view_kind)
    assert shown(many, 0) == at_0
    assert shown(many, 2) not in (0, at_0)


def test_the_state_holds_one_window_a_core(many):
    state = many.kernel.snapshot()
    assert state.windows == tuple(shown(many, core) for core in range(CORES))
    copy = many.kernel.copy(many.ram)
    assert copy.snapshot() == state
    check_invariants(copy)


@pytest.mark.parametrize("cores", [0, 9])
def test_there_are_one_to_eight_cores(cores):
    with pytest.raises(ValueError, match=f"{cores} cores, not 1 to 8"):
        Machine(cores=cores)
