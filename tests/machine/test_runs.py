"""A run is the same however it is bounded, watched or cut; and what can be asked between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emu.cpu.registers import State
from emu.machine import How, Machine, MachineEndedError, Outcome
from emu.machine.core import SLICE, Core
from emu.machine.fault import Fault
from emu.machine.observers import Observer, Words
from emu.mmu import BACKENDS
from emu.report import fault_text
from kernel_model.abi import ProcState
from kernel_model.call import Call
from kernel_model.process import Process, Resume
from tests.debug.rig import debug_for, machine_for
from tests.guests import guest
from tests.machine.programs import CODE, DATA, arm, call, load, machine_of, run, thumb

mmus = pytest.mark.parametrize("mmu", BACKENDS)


class Turn(NamedTuple):
    """Who got a core after how many instructions."""

    pid: int
    instructions: int


class Turns(Observer):
    """Notes each change of process."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []

    def loading(self, core: Core, process: Process, resume: Resume | None, switched: bool) -> None:
        if switched:
            self.turns.append(Turn(process.pid, core.engine.instructions))


def turns_of(path: Path, cut: Callable[[Machine], Outcome] = Machine.run, **options: Any) -> Any:
    """Turns, end and memory of a run."""
    machine = machine_for(path, **options)
    turns = Turns()
    machine.observers.add(turns)
    outcome = cut(machine)
    return turns.turns, outcome, machine.snapshot()


# Watching and bounding


@mmus
@pytest.mark.parametrize("then", [0xBF0C, 0xBF14], ids=["ite eq", "ite ne"])
def test_checking_leaves_an_it_block_alone(then: int, mmu: str) -> None:
    """An SVC in one, whose other half must not run."""
    code = thumb(
        0xF04F, 0x0C0F, 0x2700, 0x4280,  # mov r12, #15: vspace_id; movs r7, #0; cmp r0, r0
        then, 0xDF00, 0x2701,  #            svc; mov r7, #1
        0x4638, 0xF04F, 0x0C12, 0xDF00,  #  mov r0, r7; mov r12, #18: exit; svc
    )  # fmt: skip
    plain, checked = (run(code, CODE | 1, mmu=mmu, check=check) for check in (False, True))
    assert plain.outcome == checked.outcome == (How.EXITED, int(then == 0xBF14))
    assert plain.machine.calls.snapshot() == checked.machine.calls.snapshot()


@mmus
@pytest.mark.parametrize("name", ["scenarios/preempt", "scenarios/server"])
def test_bounds_and_watchers_change_no_turn(name: str, mmu: str) -> None:
    """A process that was alone yields to those it starts, in a bounded run too."""
    path = guest(name)
    counted = turns_of(path, mmu=mmu, stats=True)
    bounded = turns_of(path, mmu=mmu, max_insns=1 << 40)
    assert [turn.pid for turn in counted[0]].count(1) > 1
    assert bounded == counted
    checked = turns_of(path, mmu=mmu, stats=True, check=True)
    assert checked == counted
    free = turns_of(path, mmu=mmu)
    assert [turn.pid for turn in free[0]] == [turn.pid for turn in counted[0]]


# Cutting


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(cuts=st.lists(st.integers(1, 3 * SLICE), max_size=20), mmu=st.sampled_from(BACKENDS))
def test_a_run_in_pieces_is_the_run(cuts: list[int], mmu: str) -> None:
    def in_pieces(machine: Machine) -> Outcome:
        for count in cuts:
            outcome = machine.run_for(count)
            if outcome.is_final:
                return outcome
            assert outcome.how is How.COUNT
        return machine.run()

    path = guest("scenarios/preempt")
    assert turns_of(path, in_pieces, mmu=mmu, stats=True) == turns_of(path, mmu=mmu, stats=True)


LOOP = arm(*load(4, 0), *load(5, 50_000), 0xE2844001, 0xE1540005, 0x1AFFFFFC, *call("exit", 0))
"""r4 counts to 50,000: add at CODE + 16, cmp, bne; then the end."""


@mmus
def test_a_step_is_an_instruction(mmu: str) -> None:
    machine = machine_of(LOOP, mmu=mmu)
    pcs = []
    for _ in range(8):
        pcs.append(machine.cores[0].engine.registers.pc if pcs else CODE)
        assert machine.step().how is How.COUNT
    assert [pc - CODE for pc in pcs] == [0, 4, 8, 12, 16, 20, 24, 16]
    assert machine.instructions == 8


@mmus
def test_a_run_to_an_address_stops_before_it_and_then_passes_it(mmu: str) -> None:
    machine = machine_of(LOOP, mmu=mmu)
    registers = machine.cores[0].engine.registers
    for turn in range(3):
        assert machine.run_to(CODE + 16, 0x12345678).how is How.ADDRESS
        assert (registers.pc, registers.read("r4")) == (CODE + 16, turn)
    assert machine.run() == (How.EXITED, 0)


@mmus
def test_an_address_at_the_end_of_a_turn_is_not_missed(mmu: str) -> None:
    """Two processes compute; the machine stops at each instruction of a loop in turn."""
    path = guest("scenarios/preempt")
    machine = machine_for(path, mmu=mmu, stats=True)
    turns = Turns()
    machine.observers.add(turns)
    machine.run()
    at = next(turn for turn in turns.turns if turn.instructions > SLICE)
    machine = machine_for(path, mmu=mmu)
    machine.run_for(at.instructions - 1)
    assert machine.step().how is How.COUNT
    there = machine.cores[0].engine.registers.pc
    other = machine_for(path, mmu=mmu)
    other.run_for(at.instructions - 1)
    assert other.run_to(there).how is How.ADDRESS


@mmus
def test_a_run_to_a_call_stops_when_it_is_answered(mmu: str) -> None:
    code = arm(*call("vspace_id"), *call("frame_count"), *call("exit", 3))
    machine = machine_of(code, mmu=mmu)
    assert machine.run_to_call(2).how is How.PAUSED
    assert machine.calls.total == 2
    frames = len(machine.kernel.processes[0].frames)
    assert machine.cores[0].engine.registers.read("r0") == frames
    assert machine.run() == (How.EXITED, 3)


@mmus
def test_a_fault_can_be_looked_at_before_the_kernel_hears_of_it(mmu: str) -> None:
    machine = machine_of(arm(*load(0, 0x100), 0xE5901000), mmu=mmu)
    assert machine.run_to_fault().how is How.PAUSED
    process = machine.kernel.running[0]
    assert process is not None
    assert process.state is ProcState.READY
    fault = machine.cores[0].fault
    assert isinstance(fault, Fault)
    assert fault.va == 0x100
    assert machine.run().how is How.FAULTED


def test_an_observer_can_pause_at_any_event() -> None:
    class Pauser(Observer):
        def called(self, core: Core, process: Process, call: Call, result: int | None) -> None:
            if call.name == "frame_count":
                machine.pause()

        def calling(self, core: Core, process: Process, call: Call, words: Words) -> None:
            names.append(call.name)

    names: list[str] = []
    code = arm(*call("vspace_id"), *call("frame_count"), *call("exit", 3))
    machine = machine_of(code)
    machine.observers.add(Pauser())
    assert machine.run().how is How.PAUSED
    assert names == ["vspace_id", "frame_count"]
    assert machine.run() == (How.EXITED, 3)


@pytest.mark.parametrize(
    ("code", "how"),
    [(call("exit", 3), "EXITED, status 3"), ((0xE7F000F0,), "FAULTED"),
     (call("recv", DATA), "DEADLOCK")],
)  # fmt: skip
def test_a_machine_that_has_ended_does_not_run(code: tuple[int, ...], how: str) -> None:
    machine = machine_of(arm(*code))
    assert machine.run().is_final
    for again in (machine.run, machine.step, machine.run_to_fault):
        with pytest.raises(MachineEndedError, match=f"the machine has ended .*{how}"):
            again()


def test_a_bound_is_no_end() -> None:
    machine = machine_of(LOOP, max_insns=1000)
    assert machine.run().how is How.MAX_INSNS
    assert machine.run().how is How.MAX_INSNS
    assert machine.instructions == 1000
    with pytest.raises(ValueError, match="0 instructions"):
        machine.run_for(0)


# Registers


def core_of(state: State, **changed: int) -> tuple[int, ...]:
    names = [*(f"r{number}" for number in range(13)), "sp", "lr", "pc", "cpsr"]
    return tuple(changed.get(name, value) for name, value in zip(names, state.core, strict=True))


@mmus
def test_registers_of_the_process_that_runs(mmu: str) -> None:
    machine = machine_of(LOOP, mmu=mmu)
    (process,) = machine.kernel.processes.values()
    assert machine.state_of(process).core[15] == CODE, "about to start"
    machine.run_for(7)
    state = machine.state_of(process)
    assert state.core[4:6] == (1, 50_000)
    machine.set_registers(process, core_of(state, r4=49_990))
    assert machine.state_of(process).core[4] == 49_990
    before = machine.instructions
    assert machine.run().how is How.EXITED
    assert machine.instructions - before < 100


@mmus
def test_registers_of_a_process_that_has_not_begun(mmu: str) -> None:
    machine = machine_of(arm(*call("exit", 1), *call("exit", 2)), mmu=mmu)
    (process,) = machine.kernel.processes.values()
    state = machine.state_of(process)
    machine.set_registers(process, core_of(state, pc=CODE + 16))
    assert machine.state_of(process).core[15] == CODE + 16
    assert machine.run() == (How.EXITED, 2)


@mmus
def test_registers_of_a_process_that_waits(mmu: str) -> None:
    """What is set is what it goes on with; the result of its call comes in r0 all the same."""
    machine = machine_for(guest("scenarios/server"), mmu=mmu)
    waits = (ProcState.RECEIVING, ProcState.SENDING)
    while not (waiting := [p for p in machine.kernel.processes.values() if p.state in waits]):
        assert machine.run_to_call().how is How.PAUSED
    process = waiting[0]
    runs = machine.kernel.running[0]
    assert runs is not None
    assert runs is not process
    states = machine.state_of(process), machine.state_of(runs)
    assert states[0].core[12] in (0, 1), "in send or recv"
    machine.set_registers(process, core_of(states[0], r8=0x5EED))
    assert machine.state_of(process) == states[0]._replace(core=core_of(states[0], r8=0x5EED))
    assert machine.state_of(runs) == states[1]


# Reports


def test_a_stack_overflow_right_at_the_end_of_the_stack_is_one() -> None:
    """SP is the stack's lowest address, and a push goes below it."""
    frames = machine_of(b"\0" * 4).kernel
    views = [frame for frame in frames.frames.values() if frame.is_viewed and frame.v_flags & 2]
    lowest = max(frames.view_va(frame) for frame in views)
    machine = machine_of(arm(*load(13, lowest), 0xE92D0001))  # push {r0}
    texts: list[str] = []

    class Report(Observer):
        def faulted(self, core: Core, fault: Fault) -> None:
            files = debug_for(guest("programs/hello"))
            texts.append(fault_text(machine.kernel, machine.history, files, fault))

    machine.observers.add(Report())
    machine.run()
    assert texts[0].startswith("emu: process 0 faulted: stack overflow: write of")
