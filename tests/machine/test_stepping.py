"""A run in pieces is the run in one piece, wherever it is cut."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.machine import How, Machine, MachineEndedError, Outcome, core
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.observers import Observer
from kernel_model.call import CallRow
from kernel_model.process import Process, Resume
from tests.hooks import add_code_hook
from tests.kernel.driver import CODE_VA
from tests.machine.rig import Guest

TURN = 500
"""Instructions: many turns in a short run."""


@pytest.fixture(autouse=True, scope="module")
def _short_turns() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "SLICE", TURN)
        yield


WORK = """
2:      add     r4, r4, #1
        str     r4, [r10, r4, lsl #2]
        push    {r4, r5}
        bl      5f
        cmp     r4, r5
        itete   hi
        addhi   r6, r6, r4
        eorls   r6, r6, r5
        movhi   r5, r6
        movls   r7, r4
        vmov    s0, r6
        vadd.f32 s1, s1, s0
        pop     {r0, r1}
        subs    r8, r8, #1
        bne     2b
"""
"""r8 rounds over some memory; r10 is where."""

PARENT = f"""
        set     r10, data + 0x400
        mov     r9, #6
1:      mov     r8, #40
        mov     r4, #0
        {WORK}
        add     r3, r9, #'0'
        set     r0, data
        str     r3, [r0]
        mov     r1, #1
        call    console_write
        call    frame_count
        call    yield
        subs    r9, r9, #1
        bne     1b
        exit    7
5:      mul     r1, r4, r4
        bx      lr
"""

CHILD = f"""
        set     r10, data + 0x400
        mov     r9, #5
1:      mov     r8, #35
        mov     r4, #0
        {WORK}
        mov     r3, #'c'
        set     r0, data
        str     r3, [r0]
        mov     r1, #1
        call    console_write
        subs    r9, r9, #1
        bne     1b
        mov     r0, #0
        cmp     r0, r9
        itt     eq
        addeq   r6, #1
        streq   r6, [r0]                @ a null pointer
5:      add     r1, r4, r4, lsl #3
        bx      lr
"""


class Watcher(Observer):
    """What happened in a run, each with how many instructions had completed."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.turns: list[tuple[int, int, tuple[int, ...]]] = []
        self.calls: list[tuple[int, str, int | None]] = []
        self.faults: list[tuple[int, int, int]] = []
        machine.observers.add(self)

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        if switched:
            registers = core.engine.registers.core()
            self.turns.append((process.pid, self.machine.instructions, registers))

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        self.calls.append((process.pid, call.name, result))

    def faulted(self, core: Core, fault: MachineFault) -> None:
        self.faults.append((fault.pid, self.machine.instructions, fault.pc))


class Run(NamedTuple):
    """All that can be seen of a run that is over."""

    outcome: Outcome
    instructions: int
    output: bytes
    memory: bytes
    registers: tuple[int, ...]
    turns: list[tuple[int, int, tuple[int, ...]]]
    calls: list[tuple[int, str, int | None]]
    faults: list[tuple[int, int, int]]


Piece = tuple[Any, ...]


def guest_with(children: int, mmu: str = "tlb", stats: bool = True) -> Guest:
    """The program with so many children.  stats: whether its instructions are counted."""
    guest = Guest(PARENT, mmu, thumb=True, max_insns=0, stats=stats)
    for _ in range(children):
        guest.load_child(CHILD, thumb=True)
    return guest


def run_in_pieces(
    pieces: list[Piece], mmu: str = "tlb", children: int = 1, stats: bool = True
) -> Run:
    """Run a program piece by piece, and then to its end."""
    guest = guest_with(children, mmu, stats)
    machine, watcher = guest.machine, Watcher(guest.machine)
    outcome = Outcome(How.PAUSED)
    for piece in pieces:
        outcome = run_piece(machine, piece)
        if outcome.is_final:
            break
    if not outcome.is_final:
        outcome = machine.run()
    memory = hashlib.sha256(guest.ram.read(guest.ram.base, guest.ram.size)).digest()
    return Run(
        outcome, machine.instructions, bytes(guest.world.stdout), memory, guest.registers,
        watcher.turns, watcher.calls, watcher.faults,
    )  # fmt: skip


WHOLE: dict[tuple[str, int], Run] = {}


def whole(mmu: str = "tlb", children: int = 1) -> Run:
    """The run in one piece."""
    if (mmu, children) not in WHOLE:
        WHOLE[mmu, children] = run_in_pieces([], mmu, children)
    return WHOLE[mmu, children]


def check(pieces: list[Piece], mmu: str = "tlb", children: int = 1) -> None:
    found, expected = run_in_pieces(pieces, mmu, children), whole(mmu, children)
    assert found._replace(turns=[]) == expected._replace(turns=[])
    assert found.turns == expected.turns


@functools.cache
def executed() -> list[int]:
    """The addresses (va) of all instructions that run."""
    guest, seen = guest_with(2), set()
    add_code_hook(guest.machine.cores[0].engine, lambda va, size: seen.add(va))
    guest.run()
    return sorted(seen)


def test_the_run_is_one_that_is_worth_cutting() -> None:
    assert whole(children=0).output == b"654321"
    assert len(whole(children=0).turns) == 1
    for children in (1, 2):
        run = whole(children=children)
        assert (run.outcome.how, run.outcome.status) == (How.EXITED, 7)
        assert run.output.count(b"c") == 5 * children
        assert len(run.turns) > 10
        assert [pid for pid, _, _ in run.faults] == [1, 2][:children]


@pytest.mark.parametrize("children", [0, 2])
def test_a_run_that_is_not_counted_is_the_run(children: int, mmu: str) -> None:
    found, expected = run_in_pieces([], mmu, children, stats=False), whole(mmu, children)
    assert found.memory == expected.memory
    assert found.output == expected.output
    assert found.calls == expected.calls
    assert [(pid, at) for pid, _, at in found.turns] == [(pid, at) for pid, _, at in expected.turns]


# Cut anywhere


def run_piece(machine: Machine, piece: Piece) -> Outcome:
    """Run as far as the piece says: a method and its arguments, or an event to pause at."""
    name, *arguments = piece
    if name == "pause":
        return run_to_event(machine, *arguments)
    return getattr(machine, name)(*arguments)


def run_to_event(machine: Machine, event: str, count: int = 1) -> Outcome:
    """Let an observer pause the run when it is told of the ``count``-th such event."""
    left = count

    def tell(*_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            machine.pause()

    observer = type("Pausing", (Observer,), {event: tell})()
    machine.observers.add(observer)
    try:
        return machine.run()
    finally:
        machine.observers.remove(observer)


EVENTS = ("loading", "stopped", "calling", "called", "faulted")
ADDRESSES = st.deferred(lambda: st.sampled_from(executed()))
PIECES = st.one_of(
    st.tuples(st.just("run_for"), st.integers(1, 3 * TURN)),
    st.tuples(st.just("run_for"), st.integers(1, 5)),
    st.tuples(st.just("step")),
    st.tuples(st.just("run_to"), ADDRESSES),
    st.tuples(st.just("run_to"), ADDRESSES, ADDRESSES),
    st.tuples(st.just("run_to_call"), st.integers(1, 3)),
    st.tuples(st.just("run_to_fault")),
    st.tuples(st.just("pause"), st.sampled_from(EVENTS), st.integers(1, 4)),
)


@pytest.mark.parametrize("children", [0, 1, 2])
@settings(deadline=None, max_examples=40)
@given(pieces=st.lists(PIECES, max_size=25))
def test_a_run_in_pieces_is_the_run(pieces: list[Piece], children: int) -> None:
    check(pieces, children=children)


@pytest.mark.parametrize("children", [0, 2])
@pytest.mark.parametrize("piece", [("step",), ("run_for", 2), ("run_for", TURN), ("run_to_call",)])
def test_a_run_of_many_pieces_is_the_run(piece: Piece, children: int, mmu: str) -> None:
    check([piece] * whole(mmu, children).instructions, mmu, children)


# How far the pieces go


def test_so_many_instructions_are_so_many(mmu: str) -> None:
    """But for the rest of an IT block."""
    machine = guest_with(1, mmu).machine
    for count in (1, 2, 100, 3, TURN, 1, 3 * TURN):
        before = machine.instructions
        assert machine.run_for(count).how is How.COUNT
        assert count <= machine.instructions - before <= count + 3


def test_a_step_is_an_instruction_of_whose_turn_it_is() -> None:
    guest = Guest("add r4, r4, #1\n call yield\n add r4, r4, #1\n exit 0")
    guest.load_child("1: add r4, r4, #1\n b 1b")
    machine, pcs = guest.machine, []
    for _ in range(6):
        assert machine.step().how is How.COUNT
        pcs.append((guest.current.pid, machine.state_of(guest.current).core[15] - CODE_VA))
    assert pcs == [(0, 4), (0, 8), (1, 0), (1, 4), (1, 0), (1, 4)]


@pytest.mark.parametrize("which", [1, 2])
def test_a_breakpoint_where_a_turn_ends_is_not_missed(which: int, mmu: str) -> None:
    """It is met by the turn before it or by the one that begins there, but once."""
    guest = Guest(".rept 2000\n add r4, r4, #1\n .endr\n exit 3", mmu, max_insns=0)
    guest.load_child("1: add r5, r5, #1\n b 1b")
    place = CODE_VA + which * TURN * 4
    assert guest.machine.run_to(place).how is How.ADDRESS
    assert guest.registers[15] == place
    assert guest.registers[4] == which * TURN
    assert guest.current is guest.proc0
    outcome = guest.machine.run_to(place)
    assert (outcome.how, outcome.status) == (How.EXITED, 3)


def test_a_breakpoint_at_the_pc_is_passed_once(mmu: str) -> None:
    guest = Guest("1: add r4, r4, #1\n cmp r4, #10\n bne 1b\n exit 3", mmu, max_insns=0)
    for done in range(1, 10):
        assert guest.machine.run_to(CODE_VA).how is How.ADDRESS
        assert (guest.registers[15], guest.registers[4]) == (CODE_VA, done)
    assert guest.machine.run_to(CODE_VA).how is How.EXITED


def test_a_breakpoint_is_met_in_whatever_process(mmu: str) -> None:
    guest = Guest("1: call yield\n b 1b", mmu)
    guest.load_child("nop\n nop\n add r4, r4, #1\n 1: b 1b")
    assert guest.machine.run_to(CODE_VA + 12).how is How.ADDRESS
    assert (guest.current.pid, guest.registers[4]) == (1, 1)


def test_breakpoints_are_forgotten_behind_the_run(mmu: str) -> None:
    guest = Guest("1: add r4, r4, #1\n cmp r4, #10\n bne 1b\n exit 3", mmu, max_insns=0)
    assert guest.machine.run_to(CODE_VA + 4).how is How.ADDRESS
    assert guest.machine.run().how is How.EXITED


def test_a_run_to_a_call_ends_behind_it(mmu: str) -> None:
    guest = Guest("call vspace_id\n mov r4, r0\n call frame_count\n mov r5, r0\n exit 3", mmu)
    assert guest.machine.run_to_call().how is How.PAUSED
    assert guest.registers[15] == CODE_VA + 8
    assert guest.machine.run_to_call().how is How.PAUSED
    assert guest.registers[15] == CODE_VA + 20
    assert guest.registers[0] == guest.ok("frame_count")


def test_a_fault_is_delivered_when_the_machine_runs_on(mmu: str) -> None:
    guest = Guest("1: call yield\n subs r4, r4, #1\n bne 1b\n exit 3", mmu)
    child = guest.load_child("mov r0, #0\n str r0, [r0]")
    assert guest.machine.run_to_fault().how is How.PAUSED
    assert [fault.pid for fault in guest.faults] == [child.pid]
    assert child.pid in guest.kernel.processes
    assert guest.current.pid == child.pid
    assert guest.machine.step().how is How.COUNT
    assert child.pid not in guest.kernel.processes
    assert guest.kernel.frames[child.code].owner == 0
    assert len(guest.faults) == 1


def test_proc0s_fault_is_delivered_too(mmu: str) -> None:
    guest = Guest("mov r0, #0\n str r0, [r0]", mmu)
    assert guest.machine.run_to_fault().how is How.PAUSED
    assert guest.machine.run().how is How.FAULTED
    assert len(guest.faults) == 1


@pytest.mark.parametrize("event", ["calling", "called"])
def test_a_pause_in_a_call_ends_the_run_behind_it(event: str, mmu: str) -> None:
    guest = Guest("call vspace_id\n mov r4, r0\n call frame_count\n exit 3", mmu)
    assert run_to_event(guest.machine, event).how is How.PAUSED
    assert guest.registers[15] == CODE_VA + 8
    assert guest.registers[0] == guest.kernel.processes[0].l1


def test_a_pause_before_a_turn_lets_nothing_of_it_run(mmu: str) -> None:
    guest = Guest("1: add r4, r4, #1\n b 1b", mmu)
    guest.load_child("1: add r4, r4, #1\n b 1b")
    assert run_to_event(guest.machine, "loading", 2).how is How.PAUSED
    assert guest.current.pid == 1
    assert guest.machine.state_of(guest.current).core[4] == 0


def test_a_pause_behind_a_turn_lets_nothing_of_the_next_run(mmu: str) -> None:
    guest = Guest("1: add r4, r4, #1\n b 1b", mmu)
    guest.load_child("1: add r4, r4, #1\n b 1b")
    assert run_to_event(guest.machine, "stopped").how is How.PAUSED
    assert guest.machine.state_of(guest.proc0).core[4] == TURN // 2
    assert guest.machine.state_of(guest.kernel.processes[1]).core[4] == 0


# The end


@pytest.mark.parametrize(
    ("source", "how", "status"),
    [
        ("exit 3", "EXITED", 3),
        ("mov r0, #0\n ldr r0, [r0]", "FAULTED", 139),
        ("set r0, data\n call recv", "DEADLOCK", 123),
    ],
)
@pytest.mark.parametrize(
    "piece",
    [("run",), ("step",), ("run_for", 9), ("run_to", CODE_VA), ("run_to_call",), ("run_to_fault",)],
)
def test_what_has_ended_does_not_run(source: str, how: str, status: int, piece: Piece) -> None:
    guest = Guest(source)
    outcome = guest.run()
    assert outcome == (How[how], status)
    assert outcome.is_final
    instructions = guest.machine.instructions
    with pytest.raises(MachineEndedError, match=rf"has ended .*{how}.*{status}"):
        run_piece(guest.machine, piece)
    assert guest.machine.instructions == instructions


def test_what_met_a_bound_has_not_ended() -> None:
    guest = Guest("1: add r4, r4, #1\n b 1b", max_insns=100)
    for _ in range(2):
        outcome = guest.run()
        assert (outcome.how, outcome.is_final) == (How.MAX_INSNS, False)
    assert guest.machine.instructions == 100
