"""Arm code is not entered at an address that is 2 modulo 4, from wherever and how often ever."""

from __future__ import annotations

import struct

import pytest

from emu.machine import How
from emu.machine.fault import MachineFault
from kernel_model.abi import MapKind
from kernel_model.descriptors import EXEC
from kernel_model.walk import FaultStatus
from tests.kernel.driver import CHILD_L1_VA, CHILD_L2_VA, CODE_VA, FREE_VA, PAGE, RO, RX, SYS
from tests.machine.rig import Guest, assemble

BOUNDS = pytest.mark.parametrize("max_insns", [0, 100_000], ids=["unbounded", "bounded"])
SECONDS = 20
"""Of host time, for a program that would run for ever."""

TARGET = CODE_VA + 0x102

SHIFTED = """
        .p2align 8
        .2byte  0
        .4byte  0xe5804000, 0xe5804000  @ str r4, [r0], at TARGET
        .4byte  0xe3a00001, 0xe3a0c012, 0xef000000  @ exit 1
"""
"""Arm code halfway between where Arm code can be."""

ENTRIES = {
    "bx": "bx r5",
    "blx": "blx r5",
    "ldr pc": "str r5, [r0]\n ldr pc, [r0]",
    "pop": "add r6, r0, #64\n mov sp, r6\n push {r5}\n pop {pc}",
    "pop more": "add r6, r0, #64\n mov sp, r6\n push {r1, r5}\n pop {r1, pc}",
    "ldm": "stm r0, {r5, r6}\n ldm r0, {pc}",
    "mov pc": "mov pc, r5",
    "add pc": "add pc, r5, #0",
}
NOT_IN_THUMB = ("add pc", "mov pc")
"""There these stay in the state."""


def check_alignment_fault(fault: MachineFault, va: int) -> None:
    assert (fault.kind, fault.status) == ("alignment fault", FaultStatus.ALIGNMENT)
    assert (fault.va, fault.pc, fault.access) == (va, va, EXEC)


@BOUNDS
@pytest.mark.parametrize(
    ("how", "thumb"),
    [(how, False) for how in ENTRIES] + [(how, True) for how in ENTRIES if how not in NOT_IN_THUMB],
)
def test_arm_code_between_words_is_not_entered(
    how: str, thumb: bool, max_insns: int, mmu: str
) -> None:
    source = f"""
        set     r0, data
        set     r4, 0x55555555
        set     r5, {TARGET}
        {ENTRIES[how]}
        {SHIFTED}
    """
    guest = Guest(source, mmu, thumb, max_insns=max_insns, timeout=SECONDS)
    assert guest.run().how is How.FAULTED
    check_alignment_fault(guest.only_fault(), TARGET)
    assert 0x55555555 not in guest.words_of_data(16)


@BOUNDS
def test_a_process_is_not_started_there(max_insns: int, mmu: str) -> None:
    guest = Guest("call yield\n call yield\n exit 3", mmu, max_insns=max_insns, timeout=SECONDS)
    guest.load_child(SHIFTED, entry=TARGET)
    guest.load_child(SHIFTED, entry=TARGET)
    outcome = guest.run()
    assert (outcome.how, outcome.status) == (How.EXITED, 3)
    assert [fault.pid for fault in guest.faults] == [1, 2]
    for fault in guest.faults:
        check_alignment_fault(fault, TARGET)


def child_over(guest: Guest, code: int) -> int:
    """Start a child that has no more than its tables and this frame of code; its pid."""
    l1, l2 = guest.l1(), guest.l2()
    guest.ok("frame_map", l1, l2, 0, MapKind.TABLE_L2)
    guest.view(code, CODE_VA, RX, l2)
    guest.view(l1, CHILD_L1_VA, RO, l2)
    guest.view(l2, CHILD_L2_VA, RO, l2)
    pid = guest.ok("proc_new", l1)
    guest.start(pid)
    return pid


@BOUNDS
def test_nor_is_the_next_one_that_is_given_the_same_code(max_insns: int, mmu: str) -> None:
    """The code is where it was, so what was translated of it could run without being looked at."""
    guest = Guest(
        "1: call yield\n b 1b", mmu, max_insns=10 * max_insns, timeout=SECONDS, ram=8 << 20
    )
    code = guest.take()
    guest.ram.write(guest.kernel.frames[code].pa, assemble(f"set r5, {TARGET}\n bx r5\n {SHIFTED}"))
    for number in (1, 2, 3):
        assert child_over(guest, code) == number
        while len(guest.faults) < number or guest.current is not guest.proc0:
            guest.machine.run_to_call()
        check_alignment_fault(guest.faults[-1], TARGET)
        assert guest.kernel.frames[code].owner == 0


@BOUNDS
@pytest.mark.parametrize("immediate", [0, 0xAB, 0x3456, 0x123456])
def test_an_svc_across_the_end_of_ram_is_not_executed(
    immediate: int, max_insns: int, mmu: str
) -> None:
    """Half of it would be fetched from the last halfword there is."""
    at = FREE_VA + PAGE - 2
    guest = Guest(f"set r5, {at}\n bx r5", mmu, max_insns=max_insns, timeout=SECONDS)
    last, next_ = guest.take(), guest.take()
    word = struct.pack("<I", 0xEF000000 | immediate)
    assert guest.kernel.frames[last].pa + PAGE == guest.ram.base + guest.ram.size
    for frame, va in ((last, FREE_VA), (next_, FREE_VA + PAGE)):
        guest.view(frame, va, RX, SYS)
    guest.ram.write(guest.kernel.frames[last].pa + PAGE - 2, word[:2])
    guest.ram.write(guest.kernel.frames[next_].pa, word[2:])
    assert guest.run().how is How.FAULTED
    check_alignment_fault(guest.only_fault(), at)


@BOUNDS
def test_thumb_code_may_be_there(max_insns: int, mmu: str) -> None:
    at = FREE_VA + PAGE - 2
    source = f"mov r0, #0x18\n set r1, 0x20026\n set r5, {at + 1}\n bx r5"
    guest = Guest(source, mmu, max_insns=max_insns, timeout=SECONDS)
    last = guest.take()
    guest.view(last, FREE_VA, RX, SYS)
    guest.ram.write(guest.kernel.frames[last].pa + PAGE - 2, b"\xab\xdf")  # svc #0xab
    outcome = guest.run()
    assert (outcome.how, outcome.status) == (How.EXITED, 0)
