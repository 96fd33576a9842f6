"""What is noted of a fault, of calls and of turns, to the number."""

from __future__ import annotations

from typing import Final

import pytest

from emu.machine import How
from emu.machine.fault import MachineFault, record_of
from emu.machine.history import BOOT, FAULT, History, KernelEntry
from kernel_model.abi import FaultKind
from kernel_model.descriptors import READ, WRITE
from kernel_model.operations import Operation
from kernel_model.process import FaultRecord
from kernel_model.walk import FaultStatus
from tests.kernel.driver import CODE_VA, DATA_VA, FREE_VA, PAGE, REST, RW, RX, SYS
from tests.machine.rig import NOWHERE, Guest, Turns

SET: Final = f"set sp, {DATA_VA + 64}\n set lr, 0x12345678\n set r0, nowhere\n"
"""Three MOVW and MOVT."""
AT: Final = CODE_VA + 6 * 4

FAULTS: Final = {
    "ldr r1, [r0, #4]": (
        FaultKind.MEMORY_ACCESS, NOWHERE + 4, READ, FaultStatus.TRANSLATION_L2,
        f"process 0: read of {NOWHERE + 4:#010x} at pc {AT:#010x}: translation fault, second level",
    ),
    "strb r1, [r0]": (
        FaultKind.MEMORY_ACCESS, NOWHERE, WRITE, FaultStatus.TRANSLATION_L2,
        f"process 0: write of {NOWHERE:#010x} at pc {AT:#010x}: translation fault, second level",
    ),
    "udf #1": (
        FaultKind.UNDEFINED_INSTRUCTION, 0, 0, 0,
        f"process 0: undefined instruction at pc {AT:#010x}",
    ),
    "bkpt #1": (
        FaultKind.BREAKPOINT_INSTRUCTION, 0, 0, 0,
        f"process 0: breakpoint instruction at pc {AT:#010x}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", FAULTS)
def test_the_kernel_is_told_all_of_a_fault(text: str, mmu: str) -> None:
    guest = Guest(SET + text, mmu)
    assert guest.run().how is How.FAULTED
    kind, va, rights, status, why = FAULTS[text]
    fault = guest.only_fault()
    cpsr = fault.registers[16]
    assert cpsr & 0x1F == 0x10
    assert fault.pid == 0
    low = fault.registers[:8]
    expected = FaultRecord(kind, va, AT, cpsr, rights, status, DATA_VA + 64, 0x12345678, low, why)
    assert record_of(fault) == expected
    assert guest.machine.history.faults == {0: why}
    assert fault.headline == why


def test_a_fault_of_no_memory_has_no_address() -> None:
    fault = MachineFault(3, "undefined instruction", 16, (0,) * 17)
    assert (fault.va, fault.access, fault.walk, fault.status) == (-1, 0, None, None)
    assert fault.exact


def test_an_address_of_which_the_page_is_known_is_told_so() -> None:
    fault = MachineFault(3, "x", 16, (0,) * 17, 0x5000, READ, None, None, exact=False)
    assert fault.where == "read of the page at 0x00005000"
    assert fault._replace(exact=True).where == "read of 0x00005000"


def test_switches_are_counted(mmu: str) -> None:
    guest = Guest("1: call yield\n b 1b", mmu, max_insns=1000)
    guest.load_child("1: call yield\n b 1b")
    turns = Turns(guest.machine)
    guest.run()
    assert guest.machine.cores[0].switches == len(turns.seen) > 100


def test_acts_count_from_one(mmu: str) -> None:
    guest = Guest("call vspace_id\n mov r0, #-1\n call frame_unmap\n exit 0", mmu)
    history = guest.machine.history
    assert (history.made, history.now) == (0, KernelEntry(0, 0, BOOT))
    guest.run()
    assert history.made == 3
    (refused,) = history.refusals
    assert (refused.entry.number, refused.entry.pid) == (2, 0)
    assert refused.entry.words[0] == 0xFFFFFFFF
    assert [(entry.number, entry.call.name) for entry, _ in history.calls] == [(3, "exit")]


def test_calls_are_counted_by_kind(mmu: str) -> None:
    unknown, semihosting = "mov r12, #99\n svc #0", "mov r0, #0x13\n svc #0x123456"
    guest = Guest(f"call vspace_id\n call vspace_id\n {unknown}\n {semihosting}\n exit 0", mmu)
    guest.run()
    calls = guest.machine.calls
    by_name = {call.name: calls.by_number[call.number] for call in guest.kernel.calls}
    assert {name: count for name, count in by_name.items() if count} == {"vspace_id": 2, "exit": 1}
    assert (calls.unknown, calls.semihosting, calls.total) == (1, 1, 4)


def test_what_boot_does_is_no_call() -> None:
    assert (BOOT.number, BOOT.name) == (-1, "boot")
    assert BOOT.operation is Operation.NONE


def test_the_faults_that_are_kept_are_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emu.machine.history.FAULTS_KEPT", 3)
    history = History()
    for pid in range(1, 6):
        history.fault(pid, f"fault {pid}")
        assert history.now == KernelEntry(0, pid, FAULT)
    assert history.faults == {3: "fault 3", 4: "fault 4", 5: "fault 5"}


ARM_SEMIHOSTING: Final = 0xEF123456
THUMB_SEMIHOSTING: Final = 0xDFAB


@pytest.mark.parametrize("thumb", [False, True], ids=["arm", "thumb"])
def test_a_semihosting_call_has_its_result_in_r0(thumb: bool, mmu: str) -> None:
    svc = "svc #0xab" if thumb else "svc #0x123456"
    block = "set r1, data\n mov r2, #-5\n str r2, [r1]\n mov r0, #8"  # SYS_ISERROR
    guest = Guest(f"{block}\n {svc}\n add r0, r0, #6\n call exit", mmu, thumb)
    assert guest.run().status == 7
    assert guest.machine.calls.semihosting == 1


@pytest.mark.parametrize("thumb", [False, True], ids=["arm", "thumb"])
def test_semihosting_in_the_last_bytes_of_ram(thumb: bool, mmu: str) -> None:
    """The SVC is told from a call of the kernel's by reading it, and nothing is behind it."""
    guest = Guest(
        f"set r0, 0x18\n set r1, 0x20026\n set r4, {FREE_VA + PAGE - 8 + thumb}\n bx r4", mmu
    )
    last = guest.ok("frame_split", REST, guest.info(REST).len - PAGE)
    assert guest.info(last).pa + PAGE == guest.ram.base + guest.ram.size
    code = THUMB_SEMIHOSTING << 16 | 0xBF00 if thumb else ARM_SEMIHOSTING
    nop = 0xBF00BF00 if thumb else 0xE320F000
    guest.ok("frame_map", SYS, last, FREE_VA, RW)
    guest.put(FREE_VA + PAGE - 8, nop, code)
    guest.ok("frame_map", SYS, last, FREE_VA, RX)
    outcome = guest.run()
    assert (outcome.how, outcome.status) == (How.EXITED, 0)


@pytest.mark.parametrize("immediate", [0x123456, 0x3456, 0xAB])
def test_another_immediate_is_a_call_of_the_kernels(immediate: int, mmu: str) -> None:
    guest = Guest(f"mov r12, #call_frame_count\n mov r0, #0x18\n svc #{immediate}\n call exit", mmu)
    outcome = guest.run()
    is_semihosting = immediate == 0x123456
    assert (guest.machine.calls.semihosting == 1) is is_semihosting
    assert outcome.status == (1 if is_semihosting else len(guest.kernel.frames))


def test_a_machine_that_has_not_run_is_a_value_too(mmu: str) -> None:
    assert Guest("exit 0", mmu).machine.snapshot() == Guest("exit 0", mmu).machine.snapshot()
