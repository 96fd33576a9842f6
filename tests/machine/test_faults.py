"""A fault ends a process right there, and the report is of what was executed."""

from __future__ import annotations

from unittest.mock import create_autospec

import pytest

from emu.cpu import unicorn_internals
from emu.debuginfo import DebugFiles
from emu.machine import How
from emu.machine.fault import MachineFault
from emu.report.fault import fault_text
from kernel_model.abi import MAP_READ, MAP_WRITE
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.walk import FaultStatus
from tests.kernel.driver import CODE_VA, DATA_VA, FREE_VA, LOW, REST, RW, STACK, SYS, UART
from tests.machine.rig import NOWHERE, Guest, assemble
from tests.observing import OnFault

REWRITE = f"""
        set     r4, {FREE_VA}           @ the UART
        set     r5, nowhere
        mov     r3, #'X'
        adr     r6, 2f
        adr     r7, 3f
        ldm     r7, {{r8-r11}}
        b       1f
        .p2align 5
1:      stm     r6, {{r8-r11}}          @ a block that makes itself stale
2:      %s
        .p2align 5
        exit    1
        .p2align 5
3:      %s
        .p2align 5
"""
"""Stores other code over the instruction behind the STM, while both are in one block."""

ACCESSES = {
    "load": ("ldr     r1, [r5, #6]", READ, NOWHERE + 6),
    "store": ("str     r1, [r5, #4]", WRITE, NOWHERE + 4),
    "multiple": ("stmdb   r5!, {r0, r1}", WRITE, NOWHERE - 8),
}

OTHER_CODE = {
    "a store": "str r3, [r4]\n mov r1, #0\n mov r1, #0\n svc #0",
    "stores and another fault": "str r3, [r4]\n str r3, [r4]\n nop\n ldr r1, [r5]",
    "a call": "svc #0",
    "nothing": "udf #0",
}


@pytest.mark.parametrize("thumb", [False, True], ids=["arm", "thumb"])
@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("other", OTHER_CODE)
def test_what_is_in_memory_behind_a_fault_does_not_run(
    other: str, access: str, thumb: bool, mmu: str
) -> None:
    text, rights, va = ACCESSES[access]
    guest = Guest(REWRITE % (text, OTHER_CODE[other]), mmu, thumb, writable=True)
    guest.ok("frame_map", SYS, UART, FREE_VA, RW)
    assert guest.run().how is How.FAULTED
    fault = guest.only_fault()
    assert (fault.va, fault.access) == (va, rights)
    assert fault.pc == CODE_VA + place_of(text, thumb)
    assert guest.world.stdout == b""
    assert fault.registers[4:6] == (FREE_VA, NOWHERE)


def place_of(text: str, thumb: bool) -> int:
    """Where the faulting instruction is in the code."""
    return assemble(REWRITE % (text, "nop"), thumb).index(assemble("stm r6, {r8-r11}\n", thumb)) + 4


def test_a_load_that_memory_no_longer_holds_leaves_the_registers_alone(mmu: str) -> None:
    """There is by now an LDRD over its own base, of which this could be the second word."""
    guest = Guest(
        """
        set     r5, data + 0x4000
        set     r2, 0x77777777
        str     r2, [r5, #-4]
        adr     r6, 2f
        ldr     r8, 3f
        b       1f
        .p2align 5
1:      str     r8, [r6]
2:      ldr     r1, [r5, #6]
        exit    1
3:      ldrd    r2, r3, [r2]
        """,
        mmu,
        writable=True,
    )
    assert guest.run().how is How.FAULTED
    assert guest.only_fault().registers[2:4] == (0x77777777, 0)


def report_of(guest: Guest) -> str:
    """The report of the fault that the program ends in."""
    files = create_autospec(DebugFiles, instance=True)
    files.of.return_value = None
    texts: list[str] = []

    def tell(fault: MachineFault) -> None:
        texts.append(fault_text(guest.kernel, guest.machine.history, files, fault))

    guest.machine.observers.add(OnFault(tell))
    guest.run()
    (text,) = texts
    return text


def test_the_last_refused_map_is_the_one_that_is_named(mmu: str) -> None:
    """Of several in vain where the address is; one of another address is none of them."""
    tried = (NOWHERE + 4, NOWHERE + 8, DATA_VA)
    calls = (
        f"mov r0, #{LOW}\n mov r1, #{REST}\n set r2, {va}\n set r3, {RW}\n call frame_map"
        for va in tried
    )
    guest = Guest("\n".join((*calls, "set r0, nowhere", "ldr r1, [r0, #8]")), mmu)
    report = report_of(guest)
    assert len(guest.machine.history.refusals) == len(tried)
    assert "call 2, a frame_map, was refused" in report


@pytest.mark.parametrize("thumb", [False, True], ids=["arm", "thumb"])
@pytest.mark.parametrize(
    "text",
    ["push {r0}", "push {r0-r7, lr}", "str r0, [sp, #-4]!", "str r0, [sp, #-8]", "vpush {d0}"],
)
@pytest.mark.parametrize("left", [0, 4])
def test_a_stack_that_is_used_up_to_its_last_word_overflows(
    left: int, text: str, thumb: bool, mmu: str
) -> None:
    """left: bytes of the stack that are still free."""
    stack = Guest("", mmu).info(STACK).v_va
    space = f"push {{r0}}\n {text}" if left else text
    guest = Guest(f"set r1, {stack + left}\n mov sp, r1\n {space}\n exit 1", mmu, thumb)
    report = report_of(guest)
    assert guest.only_fault().registers[13] == stack
    assert guest.only_fault().va < stack
    assert "stack overflow" in report.splitlines()[0]


def test_a_child_overflows_its_stack_too(mmu: str) -> None:
    guest = Guest("call yield\n exit 0", mmu)
    guest.load_child("set r1, data\n mov sp, r1\n push {r0-r3}")
    report = report_of(guest)
    assert guest.only_fault().registers[13] == DATA_VA
    assert "process 1 faulted: stack overflow" in report.splitlines()[0]


@pytest.mark.parametrize("software_mmu", ["tlb", "map"])
def test_where_the_address_is_not_known_the_page_is_named(
    software_mmu: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a Unicorn whose own notes cannot be read."""
    nothing = unicorn_internals.Internals(None, None, None)
    monkeypatch.setattr(unicorn_internals, "internals", lambda: nothing)
    guest = Guest(f"set r0, {NOWHERE + 0x123}\n ldr r1, [r0]\n", software_mmu)
    guest.run()
    fault = guest.only_fault()
    assert (fault.va, fault.exact) == (NOWHERE, False)
    assert f"read of the page at {NOWHERE:#010x}" in fault.headline


def test_nothing_is_executed_from_a_device(mmu: str) -> None:
    """Nor read from it: whoever reads what has been received takes it away."""
    guest = Guest(f"set r4, {FREE_VA}\n bx r4", mmu)
    guest.ok("frame_map", SYS, UART, FREE_VA, MAP_READ | MAP_WRITE)
    assert guest.run().how is How.FAULTED
    fault = guest.only_fault()
    assert (fault.va, fault.access, fault.pc) == (FREE_VA, EXEC, FREE_VA)
    assert fault.status is FaultStatus.PERMISSION_L2
    (uart,) = guest.machine.snapshot().devices
    assert not uart.input_ended
