"""What a callback of the API may do: everything works there, or raises at once."""

from __future__ import annotations

import itertools
import os
import threading
from typing import Any

import pytest

import emu
from tests.api.rig import scripted
from tests.guests import guest
from tests.kernel.driver import CODE_VA, DATA_VA
from tests.machine.rig import NOWHERE, Guest

# What is written counts

COUNTS = """
        mov     r5, #0
        mov     r4, #6
again:  call    frame_count
        add     r5, r5, r0
        subs    r4, r4, #1
        bne     again
        mov     r0, r5
        call    exit
"""


@pytest.mark.parametrize("counted", [False, True])
def test_a_result_that_a_callback_sets_is_the_program_s(mmu: str, counted: bool) -> None:
    """The first time and the second, where nothing else ends the run and where a bound does."""
    machine, _ = scripted(COUNTS, mmu)

    def deny(call: emu.Call) -> None:
        if call.name == "frame_count":
            assert machine.process.registers.r0 == call.result
            machine.process.registers.r0 = 7
            assert machine.process.registers.r0 == 7

    machine.on("call", deny)
    while (stop := machine.run_until(instructions=5) if counted else machine.run()).status == 0:
        assert stop.reason == "instructions"
    assert stop.status == 42
    assert machine.instructions == 2 + 6 * 5 + 3


IN_AN_IT_BLOCK = """
        mov     r12, #{frame_count}
        cmp     r0, r0
        ittt    eq
        svceq   #0
        addeq   r0, r0, #1
        addeq   r0, r0, #1
        mov     r12, #{exit}
        svc     #0
"""


def test_a_result_in_an_it_block_is_honoured(mmu: str) -> None:
    source = IN_AN_IT_BLOCK.format(frame_count="call_frame_count", exit="call_exit")
    machine, _ = scripted(source, mmu, thumb=True)

    @machine.on("call")
    def deny(call: emu.Call) -> None:
        if call.name == "frame_count":
            machine.process.registers.r0 = 40

    assert machine.run().status == 42


JUMPS = """
        mov     r5, #0
        call    frame_count
        add     r5, r5, #1
        add     r5, r5, #2
        mov     r0, r5
        call    exit
"""


@pytest.mark.parametrize(
    ("to", "status", "instructions"),
    [(3, 3, 8), (4, 2, 7), (0, 3, 11), (1, 3, 10), (2, 3, 9)],
)
def test_a_program_counter_that_a_callback_sets_is_gone_to(
    mmu: str, to: int, status: int, instructions: int
) -> None:
    """Also where that is in the block which the call ended: it has run whole."""
    machine, _ = scripted(JUMPS, mmu)
    times = itertools.count()

    @machine.on("call")
    def jump(call: emu.Call) -> None:
        if call.name == "frame_count" and next(times) == 0:
            machine.process.registers.pc = CODE_VA + 4 * to

    assert machine.run().status == status
    assert machine.instructions == instructions


FLOATS = """
        vmov.f64 d8, #1.0
        call    frame_count
        vmov.f64 d9, #2.0
        vadd.f64 d8, d8, d9
        vcvt.s32.f64 s0, d8
        vmov    r0, s0
        call    exit
"""


def test_a_floating_point_register_that_a_callback_sets_counts(mmu: str) -> None:
    machine, _ = scripted(FLOATS, mmu)

    @machine.on("call")
    def told(call: emu.Call) -> None:
        if call.name == "frame_count":
            registers = machine.process.registers
            assert registers.as_float("d8") == 1.0
            registers.set_float("d8", 10.0)
            assert registers.r0 == call.result

    assert machine.run().status == 12


OF_OTHERS = """
        call    yield
        call    yield
        set     r0, data
        call    recv
        exit    0
"""
LOOPS = """
        mov     r4, #0
1:      call    yield
        cmp     r4, #0
        beq     1b
        mov     r0, r4
        udf     #0
"""


def test_registers_of_others_are_set_in_a_callback(mmu: str) -> None:
    """Of one that has begun and waits for its turn, and of one that has not run."""
    machine, rig = scripted(OF_OTHERS, mmu)
    first, second = rig.load_child(LOOPS), rig.load_child("vmov.f32 s1, s0\n udf #0")
    faulted: dict[int, int] = {}

    @machine.on("fault")
    def note(fault: emu.Fault) -> None:
        registers = machine.process.registers
        faulted[fault.pid] = registers.r4 if fault.pid == first.pid else registers["s1"]

    calls = itertools.count(1)

    @machine.on("call")
    def told(call: emu.Call) -> None:
        if call.pid == 0 and next(calls) == 1:
            machine.processes[second.pid].registers.set_float("s0", 1.0)
        elif call.pid == first.pid:
            assert machine.processes[0].registers.r5 == 0
            machine.processes[0].registers.r5 = 0
            machine.process.registers.r4 = 9

    machine.run()
    assert faulted == {first.pid: 9, second.pid: 0x3F800000}


WAITS = """
        set     r0, data
        call    recv
        exit    5
"""


def test_registers_of_a_process_that_has_come_to_wait_are_set(mmu: str) -> None:
    """r0 is the call's when that is answered; what else is set counts, and the PC is."""
    machine, rig = scripted(WAITS, mmu)
    child = rig.load_child(
        "mov r0, #0\n mov r1, #1\n set r1, data\n call send\n 1: call yield\n b 1b"
    )

    @machine.on("call")
    def told(call: emu.Call) -> None:
        if call.name == "recv" and call.result is None:
            process = machine.process
            assert (process.pid, process.state) == (0, "receiving")
            assert machine.processes[child.pid].is_running
            process.registers.pc = CODE_VA + 4 * 5  # at the call of exit, with recv's result

    assert machine.run().status == child.pid


# Events have a process


def test_each_event_has_its_process_also_where_that_has_ended(mmu: str) -> None:
    machine = emu.load(guest("scenarios/server"), mmu=mmu)
    seen: set[tuple[str, str]] = set()

    def told(event: Any) -> None:
        process = machine.process
        assert process.pid == event.pid
        assert process.registers.as_dict()["pc"] == process.registers.pc
        seen.add((type(event).__name__, process.state))

    machine.on("call", lambda call: told(call))
    machine.on("switch", lambda switch: told(switch))
    machine.check()
    assert machine.process is None
    assert {("Call", "dead"), ("Call", "receiving"), ("Call", "ready"), ("Switch", "ready")} <= seen


# Whatever is not possible says so

FORBIDDEN = {
    "run": lambda machine, _: machine.run(),
    "step": lambda machine, _: machine.step(),
    "run_until": lambda machine, _: machine.run_until(instructions=1),
    "check": lambda machine, _: machine.check(),
    "restore": lambda machine, state: machine.restore(state),
}
"""Methods that need a machine that does not run."""

ALLOWED = {
    "snapshot": lambda machine: machine.snapshot(),
    "pause": lambda machine: machine.pause(),
    "interrupt": lambda machine: machine.interrupt(),
    "retry": lambda machine: machine.retry(),
    "on": lambda machine: machine.on("switch", print),
    "off": lambda machine: machine.off(print),
    "inject": lambda machine: machine.inject("yield", error="ERR")(),
    "tables": lambda machine: machine.tables(),
    "write_core": lambda machine: machine.write_core(os.devnull),
}

LOOKED_AT = ("calls", "instructions", "processes", "process", "frames", "memory", "symbols",
             "console", "reports", "notes")  # fmt: skip

FAULTS = f"""
        call    yield
        set     r1, {NOWHERE}
        ldr     r0, [r1]
"""


@pytest.mark.parametrize("event", ["call", "fault", "switch"])
def test_every_method_works_in_a_callback_or_raises_at_once(event: str, mmu: str) -> None:
    public = {name for name in dir(emu.Machine) if name[0] != "_"}
    assert public <= {*FORBIDDEN, *ALLOWED, *LOOKED_AT}
    machine, rig = scripted(FAULTS, mmu)
    rig.load_child("1: call yield\n b 1b")
    state, done = machine.snapshot(), []

    @machine.on(event)
    def inside(_: Any) -> None:
        machine.off(inside)
        for name, method in FORBIDDEN.items():
            with pytest.raises(
                emu.MachineRunningError, match=r"(?:run|step|run_until|restore): the"
            ):
                method(machine, state)
            done.append(name)
        for name, method in ALLOWED.items():
            method(machine)
            done.append(name)
        for name in LOOKED_AT:
            assert repr(getattr(machine, name))

    stop = machine.run()
    assert stop.reason in ("paused", "interrupted"), stop
    assert done == [*FORBIDDEN, *ALLOWED]
    machine.restore(state)
    assert machine.run().reason == "fault"


def test_while_another_thread_runs_it_nothing_waits_or_breaks() -> None:
    arrives, goes_on = threading.Event(), threading.Event()

    def pieces():
        arrives.set()
        goes_on.wait()
        yield b"line\n"

    machine = emu.load(guest("programs/echo"), stdin=pieces())
    thread = threading.Thread(target=machine.run)
    thread.start()
    arrives.wait()
    for refused in (
        machine.run,
        machine.snapshot,
        lambda: machine.processes[0].registers.pc,
        lambda: machine.memory.write(0x80100000, b"1"),
    ):
        with pytest.raises(emu.MachineRunningError, match="runs"):
            refused()
    goes_on.set()
    thread.join()
    assert machine.console.text


def test_input_may_look_at_the_machine_and_change_nothing(mmu: str) -> None:
    seen: list[int] = []

    def pieces():
        seen.append(machine.processes[0].registers.pc)
        machine.process.memory.read(machine.process.registers.sp, 4)
        for refused in (
            lambda: setattr(machine.process.registers, "r0", 1),
            lambda: machine.process.memory.write_word(machine.process.registers.sp, 1),
            machine.snapshot,
            machine.run,
        ):
            with pytest.raises(emu.MachineRunningError):
                refused()
        yield b"line\n"

    machine = emu.load(guest("programs/echo"), stdin=pieces(), mmu=mmu)
    machine.check()
    other = emu.load(guest("programs/echo"), stdin=b"line\n", mmu=mmu)
    other.check()
    assert seen
    assert machine.console.text == other.console.text
    assert machine.instructions == other.instructions


def test_what_is_written_to_a_process_that_has_ended_is_refused() -> None:
    machine = emu.load(guest("programs/hello"))
    process = machine.process
    machine.run()
    with pytest.raises(LookupError, match="process 0 has ended"):
        process.registers.r0 = 1
    with pytest.raises(emu.AddressError):
        process.memory.write(0x8000, b"1")


# A snapshot in a callback is that of the machine that stops there

TALKS = """
        set     r4, data
        mov     r5, #4
again:  mov     r0, #1
        mov     r1, r4
        call    send
        call    yield
        subs    r5, r5, #1
        bne     again
        exit    0
"""
LISTENS = """
        set     r4, data
1:      mov     r0, r4
        call    recv
        b       1b
"""


def talking(mmu: str) -> tuple[emu.Machine, Guest]:
    machine, rig = scripted(TALKS, mmu)
    rig.load_child(LISTENS)
    rig.load_child("1: add r4, r4, #1\n call yield\n b 1b")
    return machine, rig


def test_a_snapshot_in_a_callback_is_that_of_the_machine_that_stops_there(mmu: str) -> None:
    machine, _ = talking(mmu)
    stopping, _ = talking(mmu)
    found = []
    machine.on("call", lambda _: found.append(machine.snapshot()))
    machine.run()
    number = len(found)
    assert number > 15
    for state in found:
        stop = stopping.run_until(call=1)
        assert stop.call is not None or stop.is_final
        assert stopping.snapshot() == state
    # And what follows is the same.
    machine.restore(found[7])
    other, _ = talking(mmu)
    other.restore(found[7])
    assert machine.run() == other.run()
    assert machine.snapshot() == other.snapshot()


def test_callbacks_change_no_turns(mmu: str) -> None:
    machine, _ = talking(mmu)
    watched, _ = talking(mmu)
    watched.on("call", lambda _: watched.snapshot())
    watched.on("switch", lambda _: watched.snapshot())
    machine.run()
    watched.run()
    assert machine.snapshot() == watched.snapshot()


# Faults that are repaired

READS = f"""
        set     r1, {NOWHERE}
        set     r2, data
        ldr     r0, [r1]
        add     r0, r0, #2
        call    exit
"""
FAULTING_PC = CODE_VA + 4 * 4

REPAIRS = {
    "register": lambda process: setattr(process.registers, "r1", process.registers.r2),
    "pc": lambda process: setattr(process.registers, "pc", FAULTING_PC + 8),
    "code": lambda process: process.memory.write_word(FAULTING_PC, 0xE3A00028),  # mov r0, #40
}
STATUSES = {"register": 42, "pc": 0, "code": 42}


@pytest.mark.parametrize("way", ["callback", "stop", "restored"])
@pytest.mark.parametrize("repair", REPAIRS)
def test_a_fault_that_is_repaired_goes_on(repair: str, way: str, mmu: str) -> None:
    machine, rig = scripted(READS, mmu)
    rig.put(DATA_VA, 40)
    told: list[emu.Fault] = []

    def repaired(fault: emu.Fault) -> None:
        assert fault.pc == machine.process.registers.pc == FAULTING_PC
        told.append(fault)
        REPAIRS[repair](machine.process)

    if way == "callback":
        machine.on("fault", repaired)
    else:
        repaired(machine.run_until(fault=True).fault)
        if way == "restored":
            machine.restore(machine.snapshot())
    stop = machine.run()
    assert (stop.reason, stop.status, len(told)) == ("exit", STATUSES[repair], 1)
    assert machine.reports == []


def test_a_fault_is_retried_when_that_is_said_and_faults_again(mmu: str) -> None:
    machine, _ = scripted(READS, mmu)
    before = machine.run_until(fault=True).fault
    for _ in range(3):
        machine.retry()
        assert machine.reports == []
        assert machine.run_until(fault=True).fault == before
    stop = machine.run()
    assert (stop.reason, stop.status) == ("fault", 139)
    assert machine.reports == [before.report]
    machine.retry()
    assert machine.reports == [before.report]


def test_what_is_written_to_another_process_repairs_nothing(mmu: str) -> None:
    machine, rig = scripted(READS, mmu)
    child = rig.load_child("1: call yield\n b 1b")
    machine.run_until(fault=True)
    machine.processes[child.pid].registers.r3 = 1
    assert machine.run().reason == "fault"


def test_a_fault_with_a_handler_that_is_repaired_is_not_told_to_it(mmu: str) -> None:
    machine = emu.load(guest("calls/fault_handler"), mmu=mmu)
    first = machine.run_until(fault=True).fault
    calls = machine.calls
    machine.retry()
    assert machine.run_until(fault=True).fault == first
    assert machine.calls == calls
    machine.check()


# Calls that are answered in the kernel's place


@pytest.mark.parametrize(
    ("when", "denied"),
    [(2, [2]), (None, [1, 2, 3, 4, 5, 6]), (range(1, 7, 2), [1, 3, 5]), ({6}, [6]), ((), [])],
)
def test_an_injected_error_is_what_the_program_gets(when: Any, denied: list[int], mmu: str) -> None:
    machine, _ = scripted(COUNTS, mmu)
    told: list[emu.Call] = []
    machine.on("call", told.append)
    machine.inject("frame_count", error="POOL_FULL", when=when)
    machine.inject("frame_count", result=1)
    expected = sum(-8 if number in denied else 1 for number in range(1, 7)) & 0xFF
    assert machine.run().status == expected
    counts = [call for call in told if call.name == "frame_count"]
    assert [number for number, call in enumerate(counts, 1) if call.error] == denied
    assert {call.error for call in counts} <= {"", "POOL_FULL"}
    assert all("injected" in call.why for call in counts if call.error)


def test_the_kernel_does_not_hear_of_an_injected_call() -> None:
    machine = emu.load(guest("calls/frame_split"))
    machine.run_until(symbol="main")
    before, state = machine.frames, machine.snapshot()
    undo = machine.inject("frame_split", error="NO_FRAME", when=1, pid=0)
    stop = machine.run_until(call="frame_split")
    assert (stop.call.error, machine.frames) == ("NO_FRAME", before)
    undo()
    undo()
    machine.restore(state)
    assert machine.run_until(call="frame_split").call.error == ""


def test_an_injection_for_another_process_answers_nothing() -> None:
    machine, _ = scripted(COUNTS)
    machine.inject("frame_count", error="ERR", pid=1)
    told: list[emu.Call] = []
    machine.on("call", told.append)
    machine.run()
    assert [call.error for call in told if call.error] == []


def test_what_cannot_be_injected_is_said() -> None:
    machine = emu.load(guest("programs/hello"))
    for words in ({"call": "frame_mop"}, {"call": "frame_map", "error": "NO_SUCH"}):
        with pytest.raises(KeyError):
            machine.inject(**words)
