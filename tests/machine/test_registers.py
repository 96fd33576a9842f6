"""Registers of any process: they are what it goes on with, and what is set is what it gets."""

from __future__ import annotations

import pytest

from emu.cpu.registers import THUMB_BIT, USER_MODE
from emu.machine import How
from emu.machine.core import SLICE, Core
from emu.machine.registers import ProcessRegisters
from kernel_model.abi import Error, ProcState
from kernel_model.process import Registers, Result, Start
from tests.kernel.driver import CODE_VA, DATA_VA
from tests.machine.rig import STACK_TOP, Guest
from tests.observing import OnRefusal

SPIN = "1: b 1b"
VALUES = tuple(0x01010101 * (number + 1) for number in range(15))
"""For r0-r12, sp and lr."""


def at(pc: int, cpsr: int = USER_MODE) -> tuple[int, ...]:
    """A set of registers, each its own, that go on there."""
    return (*VALUES, pc, cpsr)


def turn_of(guest: Guest, pid: int) -> None:
    """Run until it is the turn of a process."""
    for _ in range(1000):
        if guest.current.pid == pid and guest.machine.cores[0].loaded is guest.current:
            return
        guest.machine.run_for(5_000)
    raise AssertionError(f"process {pid} has no turn")


def test_what_a_program_starts_with(mmu: str) -> None:
    guest = Guest(SPIN, mmu, thumb=True)
    start = guest.proc0.resume
    assert isinstance(start, Start)
    before = guest.machine.state_of(guest.proc0)
    assert guest.proc0.resume is start
    assert before.core[0] == start.r0
    assert before.core[13:] == (start.sp, 0, CODE_VA, USER_MODE | THUMB_BIT)
    guest.machine.run_for(1)
    assert guest.machine.state_of(guest.proc0) == before


def test_the_running_process_goes_on_with_what_is_set(mmu: str) -> None:
    guest = Guest(f"{SPIN}\n udf #0", mmu)
    guest.machine.run_for(100)
    guest.machine.set_registers(guest.proc0, at(CODE_VA + 4))
    assert guest.machine.state_of(guest.proc0).core == at(CODE_VA + 4)
    assert guest.run().how is How.FAULTED
    assert guest.only_fault().registers == at(CODE_VA + 4)


@pytest.mark.parametrize("flags", [0, 0xF0000000, 0x80000000])
def test_state_and_flags_are_set(flags: int, mmu: str) -> None:
    guest = Guest(f"{SPIN}\n .thumb\n nop\n udf #0", mmu)
    guest.machine.run_for(100)
    thumb = USER_MODE | THUMB_BIT | flags
    guest.machine.set_registers(guest.proc0, at(CODE_VA + 4, thumb))
    assert guest.machine.state_of(guest.proc0).core == at(CODE_VA + 4, thumb)
    guest.run()
    assert guest.only_fault().registers == at(CODE_VA + 6, thumb)


def test_the_first_process_starts_with_what_is_set(mmu: str) -> None:
    guest = Guest(f"{SPIN}\n udf #0", mmu)
    guest.machine.set_registers(guest.proc0, at(CODE_VA + 4))
    assert guest.machine.state_of(guest.proc0).core == at(CODE_VA + 4)
    assert guest.run().how is How.FAULTED
    assert guest.only_fault().registers == at(CODE_VA + 4)


def test_one_that_is_about_to_start_starts_with_what_is_set(mmu: str) -> None:
    guest = Guest(SPIN, mmu)
    child = guest.load_child(f"{SPIN}\n udf #0")
    process = guest.kernel.processes[child.pid]
    assert guest.machine.state_of(process).core == (
        10, 11, 12, 13, *[0] * 9, STACK_TOP, 0, CODE_VA, USER_MODE,
    )  # fmt: skip
    guest.machine.run_for(100)
    guest.machine.set_registers(process, at(CODE_VA + 4))
    assert guest.machine.state_of(process).core == at(CODE_VA + 4)
    guest.machine.run_to_fault()
    assert guest.only_fault()[:4] == (
        child.pid, "undefined instruction", CODE_VA + 4, at(CODE_VA + 4),
    )  # fmt: skip


def test_one_that_is_new_is_as_its_parent_starts_it(mmu: str) -> None:
    """What was set before is what it would go on with; its parent says otherwise."""
    guest = Guest(SPIN, mmu)
    child = guest.load_child("udf #0", start=False)
    process = guest.kernel.processes[child.pid]
    assert process.state is ProcState.NEW
    assert guest.machine.state_of(process).core == (*[0] * 16, USER_MODE)
    guest.machine.set_registers(process, at(CODE_VA))
    assert guest.machine.state_of(process).core == at(CODE_VA)
    guest.machine.run_for(100)
    assert process.state is ProcState.NEW
    guest.start(child.pid)
    started = guest.machine.state_of(process).core
    assert started[:4] == (10, 11, 12, 13)
    guest.machine.run_to_fault()
    assert guest.only_fault().registers == started


def test_one_that_never_ran_has_nothing_of_who_ran_before(mmu: str) -> None:
    """Its core registers are set before it first runs; all others are those of a fresh start."""
    guest = Guest("mov r0, #7\n" + FLOATS % (1, 2), mmu, max_insns=0)
    child = guest.load_child(f"{SPIN}\n {SPIN}")
    process = guest.kernel.processes[child.pid]
    expected = guest.machine.state_of(process)._replace(core=at(CODE_VA + 4))
    guest.machine.set_registers(process, at(CODE_VA + 4))
    guest.machine.run_for(1000)
    assert guest.machine.state_of(guest.proc0).vfp[31]
    turn_of(guest, child.pid)
    guest.machine.run_for(1000)
    assert guest.machine.state_of(process)._replace(exclusive=b"") == expected._replace(
        exclusive=b""
    )


RECEIVER = """
        set     r0, data
        set     r4, 0x44444444
        vmov    s0, r4
        call    recv
        udf     #0
"""


def receiving(guest: Guest, pid: int) -> None:
    while guest.kernel.processes[pid].state is not ProcState.RECEIVING:
        guest.machine.run_to_call()
    turn_of(guest, 0)


def test_one_that_waits_goes_on_with_what_is_set_and_its_result(mmu: str) -> None:
    guest = Guest(f"1: call yield\n b 1b\n {SPIN}", mmu)
    child = guest.load_child(RECEIVER)
    process = guest.kernel.processes[child.pid]
    receiving(guest, child.pid)
    before = guest.machine.state_of(process)
    assert before.core[4] == 0x44444444
    after_call = before.core[15]
    guest.machine.set_registers(process, at(after_call))
    assert guest.machine.state_of(process) == before._replace(core=at(after_call))
    assert process.state is ProcState.RECEIVING
    guest.ok("send", child.pid, DATA_VA)
    assert isinstance(process.resume, Result)
    expected = (0, *at(after_call)[1:])  # process 0 sent
    assert guest.machine.state_of(process).core == expected
    guest.machine.run_to_fault()
    assert guest.only_fault().registers == expected


def test_one_that_has_its_result_goes_on_with_what_is_set_after_it(mmu: str) -> None:
    guest = Guest(f"1: call yield\n b 1b\n {SPIN}", mmu)
    child = guest.load_child(RECEIVER)
    process = guest.kernel.processes[child.pid]
    receiving(guest, child.pid)
    guest.ok("send", child.pid, DATA_VA)
    assert guest.machine.state_of(process).core[0] == 0
    pc = guest.machine.state_of(process).core[15]
    guest.machine.set_registers(process, at(pc))
    assert guest.machine.state_of(process).core == at(pc)
    guest.machine.run_to_fault()
    assert guest.only_fault().registers == at(pc)


def test_a_call_that_fails_later_still_says_so(mmu: str) -> None:
    """Its registers were set while it waited; that it failed is told all the same."""
    guest = Guest("1: call yield\n subs r4, r4, #1\n bne 1b\n exit 0", mmu)
    child = guest.load_child("mov r0, #0\n set r1, data\n call send\n udf #0")
    process = guest.kernel.processes[child.pid]
    while process.state is not ProcState.SENDING:
        guest.machine.run_to_call()
    pc = guest.machine.state_of(process).core[15]
    guest.machine.set_registers(process, at(pc))
    refusals: list[tuple[str, Error]] = []
    guest.machine.observers.add(
        OnRefusal(lambda act, refusal: refusals.append((act.call.name, refusal.error)))
    )
    guest.kernel.wake(process, guest.kernel.failure(Error.PEER_DIED))
    assert guest.machine.state_of(process).core[0] == Error.PEER_DIED & 0xFFFFFFFF
    guest.machine.run_to_fault()
    assert guest.only_fault().registers == (Error.PEER_DIED & 0xFFFFFFFF, *at(pc)[1:])
    assert refusals == [("send", Error.PEER_DIED)]


def test_what_is_set_can_be_set_again(mmu: str) -> None:
    guest = Guest(f"{SPIN}\n udf #0", mmu)
    guest.machine.set_registers(guest.proc0, at(CODE_VA))
    assert isinstance(guest.proc0.resume, Registers)
    guest.machine.set_registers(guest.proc0, at(CODE_VA + 4))
    guest.run()
    assert guest.only_fault().registers == at(CODE_VA + 4)


def test_setting_what_is_there_changes_nothing(mmu: str) -> None:
    """After each of many steps, of both processes."""
    source = "1: add r4, r4, #1\n adds r5, r5, r4\n eorcs r6, r6, r5\n push {r6}\n pop {r7}\n b 1b"
    ends = []
    for is_set in (False, True):
        guest = Guest(source, mmu, stats=True)
        guest.load_child(source)
        for _ in range(40):
            guest.machine.run_for(7_001)
            for process in guest.kernel.processes.values():
                state = guest.machine.state_of(process)
                if is_set:
                    guest.machine.set_registers(process, state.core)
                    assert guest.machine.state_of(process) == state
        ends.append([guest.machine.state_of(one) for one in guest.kernel.processes.values()])
    assert ends[0] == ends[1]


FLOATS = """
        vmov    s0, r0
        vmov.i32 d1, #%d
        vmov.i32 d31, #%d
        mov     r1, #0x00c00000         @ rounding towards zero
        vmsr    fpscr, r1
        mcr     p15, 0, r0, c13, c0, 2  @ TPIDRURW
1:      b       1b
"""


def test_what_is_no_core_register_is_kept_while_others_run(mmu: str) -> None:
    guest = Guest("mov r0, #7\n" + FLOATS % (1, 2), mmu, max_insns=0)
    children = [guest.load_child("nop\n" + FLOATS % (10 * n, 20 * n)) for n in (1, 2)]
    processes = [guest.proc0, *(guest.kernel.processes[child.pid] for child in children)]
    for _ in range(20):
        guest.machine.run_for(SLICE * 3 // 10)
    states = [guest.machine.state_of(process) for process in processes]
    for state, low, (d1, d31) in zip(
        states, (7, 10, 10), ((1, 2), (10, 20), (20, 40)), strict=True
    ):
        assert state.vfp[0] == low
        assert (state.vfp[1], state.vfp[31]) == (d1 << 32 | d1, d31 << 32 | d31)
        assert state.fpscr & 0x00C00000 == 0x00C00000
        assert state.thread[0] == low
    for process in processes:
        guest.machine.set_registers(process, at(CODE_VA + 4 * 7))
    for _ in range(20):
        guest.machine.run_for(SLICE * 3 // 10)
    for process, state in zip(processes, states, strict=True):
        found = guest.machine.state_of(process)
        assert found._replace(core=state.core) == state


def test_looking_at_others_does_not_end_what_the_monitor_remembers(mmu: str) -> None:
    guest = Guest(
        """
        set     r0, data
        ldrex   r1, [r0]
        nop
        strex   r4, r2, [r0]
        exit    3
        """,
        mmu,
        stats=True,
    )
    guest.load_child(SPIN)
    guest.machine.run_for(4)
    for process in guest.kernel.processes.values():
        state = guest.machine.state_of(process)
        guest.machine.set_registers(process, state.core)
    guest.machine.run_for(1)
    assert guest.machine.state_of(guest.proc0).core[4] == 0


def test_a_process_that_comes_back_to_a_core_has_what_it_did_elsewhere() -> None:
    """Though nothing else has run there since."""
    guest = Guest(SPIN)
    process, l1_pa = guest.proc0, guest.kernel.l1_pa(guest.proc0)
    cores = [Core(number, "tlb", guest.machine.ram, ()) for number in range(2)]
    registers = ProcessRegisters(cores)
    start, process.resume = process.resume, None
    cores[0].load(process, start, l1_pa)
    for number, core in ((1, cores[1]), (2, cores[0]), (3, cores[1])):
        assert registers.move(process.pid, core)
        core.load(process, Result(number), l1_pa)
        assert core.engine.registers.core()[0] == number
        assert registers.holder(process.pid) is core
        assert registers.of(process).core[0] == number
        registers.set_core(process, at(CODE_VA))
        assert core.engine.registers.core() == at(CODE_VA)
