"""What has ended leaves nothing behind, and stopping is heard in long work of the backends'."""

from __future__ import annotations

from emu.machine import How
from emu.machine.core import SLICE
from emu.mmu.map import MapBackend
from tests.kernel.driver import L1, MIB, PAGE, RW, TABLE_L2
from tests.machine.rig import Guest

VA = 0x40000000
"""Where the boot leaves all free."""

YIELDS = "1: call yield\n b 1b\n"

ENDINGS = {
    "exit": "call yield\n exit 0\n",
    "a fault": "call yield\n set r0, nowhere\n ldr r1, [r0]\n",
}


def test_processes_that_have_ended_leave_nothing(mmu: str) -> None:
    guest = Guest(YIELDS, mmu)
    machine, (core,) = guest.machine, guest.machine.cores
    children = [guest.load_child(source) for source in ENDINGS.values()]
    machine.run_for(SLICE)
    assert len(machine.kernel.processes) == 1
    assert len(guest.faults) == 1
    assert not any(core.holds(child.pid) for child in children)
    assert core.kept == 1
    assert not machine.history.waiting
    spaces = core.backend._pages._spaces
    assert list(spaces) == [guest.kernel.l1_pa(guest.proc0)]
    if isinstance(core.backend, MapBackend):
        assert list(core.backend._known) == list(spaces)


REGIONS = 4000
"""Unicorn takes the longer for each, the more it has: these are ten times as slow as 2000."""


def test_the_timeout_is_heard_while_unicorn_is_given_many_regions() -> None:
    guest = Guest("1: b 1b\n", "map", ram=64 * MIB, max_insns=0, timeout=0.2)
    guest.ok("frame_pool", guest.take(REGIONS // 16))
    l2 = guest.l2(REGIONS * 2 * PAGE // (4 * MIB) + 1)
    guest.ok("frame_map", L1, l2, VA, TABLE_L2)
    for at in range(VA, VA + REGIONS * 2 * PAGE, 2 * PAGE):
        guest.ok("frame_map", l2, guest.take(), at, RW)
    backend = guest.machine.cores[0].backend
    for _ in range(2):
        assert guest.run().how is How.TIMEOUT
        assert not backend.is_in_step, "not heard before the last of them"
