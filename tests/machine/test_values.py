"""Values hold no code and can be pickled: snapshots, events, the API's, what reports are of."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from emu.api.events import Call, Calls, Fault, Switch, Switches
from emu.api.machine import Machine as ApiMachine
from emu.api.machine import Stop
from emu.api.values import Frame, Mapping
from emu.arm.disassembly import Instruction
from emu.conventions import DEFAULT
from emu.cpu.registers import State
from emu.environment.world import ScriptedWorld
from emu.execution.code import Code
from emu.loader import load_elf
from emu.machine import How, Machine, Options, Outcome
from emu.machine.board import Board
from emu.machine.core import SLICE
from emu.machine.fault import MachineFault
from emu.machine.history import HistoryState, KernelEntry, RefusedCall
from emu.machine.observers import OF_KERNEL, Observer
from emu.machine.snapshot import CoreState, Snapshot
from emu.report.cause import cause_of
from emu.report.hint import Hint, hint_for
from emu.report.history import Loss, loss
from emu.trace import events
from emu.trace.calls import CallTracer
from emu.trace.faulting import FaultTracer
from emu.trace.filters import Filter
from emu.trace.mappings import MapTracer
from emu.trace.messages import MessageTracer
from emu.trace.output import Output
from emu.trace.recorder import Recorder
from emu.trace.scheduling import TurnTracer
from emu.trace.selection import CallChoice
from emu.trace.text import TextFormat
from kernel_model.events import Event, FrameMade, FrameMerged, ThreadPointerSet
from kernel_model.plan import PlannedCall
from kernel_model.state import KernelState
from tests.debug.rig import context_now, debug_for
from tests.guests import ROOT, guest
from tests.kernel.plain import PLAIN
from tests.machine.plain_values import records, strange_types, strangers
from tests.machine.rig import Guest
from tests.observing import OnFault

RAM: Final = 16 << 20


def assert_plain(value: object) -> None:
    """It holds no code, and comes through a pickle as it is."""
    assert list(strangers(value, type(value).__name__)) == []
    twin = pickle.loads(pickle.dumps(value))
    assert type(twin) is type(value)
    assert twin == value, "a pickled value is another"  # values may be long: none is printed


def machine_for(name: str, stdin: bytes = b"", **options: Any) -> Machine:
    path = guest(name)
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    world = ScriptedWorld(stdin, arguments=(path.name,))
    return Machine(image, world, Options(ram=RAM, **options))


# Snapshots of machines in every condition

UNKNOWN: Final = """
        mov     r12, #99
        svc     #0
        mov     r0, #7
        mov     r1, #1
        call    frame_split             @ refused
        call    yield
1:      b       1b
"""

OPENS: Final = """
        adr     r1, block
        mov     r0, #1                  @ SYS_OPEN
        svc     #0x123456
        mov     r4, r0
        adr     r1, name
        set     r2, data
        str     r4, [r2]
        str     r1, [r2, #4]
        mov     r3, #4
        str     r3, [r2, #8]
        mov     r1, r2
        mov     r0, #5                  @ SYS_WRITE
        svc     #0x123456
1:      b       1b
        .balign 4
block:  .word   name_at, 4, 4           @ to be written
        .equ    name_at, code + (name - start)
name:   .asciz  "text"
"""


def after_unknown_and_refused_calls() -> Machine:
    machine = Guest(UNKNOWN).machine
    machine.run_for(50)
    assert machine.calls.unknown == 1
    assert len(machine.history.refusals) == 2
    return machine


def at_a_fault() -> Machine:
    machine = machine_for("mistakes/use_after_unmap")
    assert machine.run_to_fault().how is How.PAUSED
    assert machine.core.fault is not None
    return machine


def after_a_fault() -> Machine:
    machine = machine_for("scenarios/misbehave")
    machine.run_to_fault()
    machine.run_to_fault()
    machine.run_for(10_000)
    assert machine.history.faults
    return machine


def while_a_fault_waits_for_its_answer() -> Machine:
    machine = machine_for("calls/fault_handler")
    while not any(one.fault for one in machine.kernel.processes.values()):
        machine.run_to_call(1)
    return machine


def with_several_processes() -> Machine:
    machine = machine_for("scenarios/server")
    while len(machine.kernel.processes) < 3 or not machine.history.waiting:
        machine.run_to_call(20)
    return machine


def before_a_call() -> Machine:
    """Its SVC has run, and the kernel has not been entered."""
    machine = machine_for("calls/frame_split")
    split = DEFAULT.calls.named("frame_split").number
    machine.observers.set_call_filter(lambda process, number: number == split)
    assert machine.run().how is How.PAUSED
    assert machine.core.is_call_pending
    return machine


def in_the_middle_of_a_turn() -> Machine:
    machine = machine_for("scenarios/preempt")
    while machine.core.turn == SLICE:
        machine.run_for(50_000)
    return machine


def with_a_heap_of_semihosting() -> Machine:
    machine = machine_for("newlib/sieve.arm-soft", b"input\nand more\n")
    machine.run_for(30_000)
    assert machine.sessions.snapshot()
    return machine


def with_an_open_file() -> Machine:
    machine = Guest(f"start:{OPENS}").machine
    machine.run_for(50)
    assert "text" in repr(machine.sessions.snapshot()) + repr(machine.world.snapshot())
    return machine


def with_input_left() -> Machine:
    machine = machine_for("programs/echo", b"one\ntwo\nthree\n")
    machine.run_to_call(3)
    return machine


def ended() -> Machine:
    machine = machine_for("scenarios/orphans")
    assert machine.run().how is How.EXITED
    return machine


CONDITIONS: Final[tuple[Callable[[], Machine], ...]] = (
    after_unknown_and_refused_calls, at_a_fault, after_a_fault, while_a_fault_waits_for_its_answer,
    with_several_processes, before_a_call, in_the_middle_of_a_turn, with_a_heap_of_semihosting,
    with_an_open_file, with_input_left, ended,
)  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.__name__)
def test_a_snapshot_is_a_plain_value(condition: Callable[[], Machine]) -> None:
    assert_plain(condition().snapshot())


GO_ON: Final = """
import pickle, sys
from tests.machine.test_values import machine_for
state, after = sys.argv[1:]
with open(state, "rb") as stream:
    snapshot = pickle.load(stream)
machine = machine_for("programs/hello")
machine.restore(snapshot)
outcome = machine.run()
with open(after, "wb") as stream:
    pickle.dump((outcome, machine.snapshot()), stream)
"""


@pytest.mark.parametrize(
    "condition", [at_a_fault, before_a_call, with_several_processes, with_a_heap_of_semihosting],
    ids=lambda one: one.__name__,
)  # fmt: skip
def test_another_process_of_the_host_goes_on_to_the_same_end(
    condition: Callable[[], Machine], tmp_path: Path
) -> None:
    machine = condition()
    machine.observers.set_call_filter(None)
    (tmp_path / "state").write_bytes(pickle.dumps(machine.snapshot()))
    subprocess.run(
        [sys.executable, "-c", GO_ON, tmp_path / "state", tmp_path / "after"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    outcome, after = pickle.loads((tmp_path / "after").read_bytes())
    assert machine.run() == outcome
    is_same = machine.snapshot() == after
    assert is_same, [
        name for name in Snapshot._fields
        if getattr(machine.snapshot(), name) != getattr(after, name)
    ]  # fmt: skip


# Events of the kernel, of traces, of the API


class EveryEvent(Observer):
    """Keeps each event of the kernel's."""

    def __init__(self) -> None:
        self.seen: list[Event] = []


for _name in OF_KERNEL.values():
    setattr(EveryEvent, _name, lambda self, event: self.seen.append(event))


def test_events_of_the_kernel_are_plain_values() -> None:
    machine, watcher = machine_for("scenarios/cousins"), EveryEvent()
    machine.observers.add(watcher)
    machine.run()
    of_kind = {type(event): event for event in watcher.seen}
    assert of_kind.keys() >= OF_KERNEL.keys() - {FrameMade, FrameMerged, ThreadPointerSet}
    others = FrameMade(1, 0, 0x80000000, 0x1000), FrameMerged(1, 2), ThreadPointerSet(1, 4)
    for event in (*of_kind.values(), *others):
        assert_plain(event)


def traced(name: str) -> list[events.Event]:
    """The events of a trace of every kind that calls bring about."""

    class Kept(TextFormat):
        def event(self, event: events.Event) -> str:
            found.append(event)
            return ""

    machine, found = machine_for(name), list[events.Event]()
    nothing = Output(os.open(os.devnull, os.O_WRONLY), "nothing")
    code = Code.of(machine, debug_for(guest(name)))
    recorder = Recorder(
        machine.sessions, Filter((), (), ()), Kept(), nothing, code, machine.history
    )
    for tracer in (FaultTracer, TurnTracer, MapTracer, MessageTracer):
        machine.observers.add(tracer(recorder))
    machine.observers.add(CallTracer(recorder, CallChoice()))
    machine.run()
    return found


def test_events_of_traces_are_plain_values() -> None:
    found = traced("calls/fault_handler")
    of_kind = {event.kind: event for event in found}
    assert of_kind.keys() == {"syscall", "map", "fault", "sched", "ipc"}
    for event in (*of_kind.values(), *found[-3000:]):
        assert_plain(event)
    assert_plain(events.AccessEvent(1, 0, 2, True, 3, 4, 4, 5))


def test_what_the_api_gives_is_plain() -> None:
    engine = machine_for("mistakes/use_after_give")
    machine = ApiMachine(
        engine, engine.world, [], lambda: debug_for(guest("mistakes/use_after_give"))
    )  # type: ignore[arg-type]
    given: list[Call | Switch] = []
    engine.observers.add(Calls(engine, given.append))
    engine.observers.add(Switches(given.append))
    stops = [machine.run_until(call="frame_give"), machine.run_until(fault=True)]
    assert stops[0].call is not None
    assert stops[1].fault is not None
    stops.append(machine.run())
    for value in (*stops, *given, *machine.frames.values(), *machine.tables(0)):
        assert_plain(value)
    assert {type(one) for one in given} == {Call, Switch}


# What reports are made of


def test_what_reports_are_made_of_is_plain() -> None:
    path, found = guest("mistakes/use_after_unmap"), list[object]()
    machine = machine_for("mistakes/use_after_unmap")

    def on_fault(fault: MachineFault) -> None:
        context = context_now(machine, debug_for(path))
        cause = cause_of(context, fault)
        assert fault.walk is not None
        found.extend((fault, cause._replace(frame=None), hint_for(context, fault, cause)))
        found.append(loss(context, fault.walk))

    machine.observers.add(OnFault(on_fault))
    found.append(machine.run())
    for value in found:
        assert value is not None
        assert_plain(value)
    assert {Hint, Loss, PlannedCall} <= records(found).keys()


def test_conventions_can_be_pickled() -> None:
    """A table is looked things up in, so it is no tuple; but it travels as its rows."""
    for convention in (DEFAULT, PLAIN):
        twin = pickle.loads(pickle.dumps(convention))
        assert twin == convention
        assert twin.calls.find(3).name == "frame_split"
        for call in convention.calls:
            assert_plain(call)


# What types say

WALKED: Final = (
    Snapshot, CoreState, KernelState, HistoryState, State, KernelEntry, RefusedCall, MachineFault,
    Outcome, Options, Board, Stop, Call, Fault, Switch, Frame, Mapping, Hint, PlannedCall,
    Instruction, *OF_KERNEL, events.CallEvent, events.DescriptorsEvent, events.FaultEvent,
    events.TurnEvent, events.MessageEvent, events.AccessEvent,
)  # fmt: skip


@pytest.mark.parametrize("kind", WALKED, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_type_lets_code_in(kind: type) -> None:
    assert list(strange_types(kind, kind.__name__, set())) == []


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.__name__)
def test_no_type_within_a_snapshot_lets_code_in(condition: Callable[[], Machine]) -> None:
    """Those below a member whose type is Any, too: devices, the outside, semihosting."""
    for kind in records(condition().snapshot()):
        assert list(strange_types(kind, kind.__name__, set())) == []


# What is noticed


class Colour(Enum):
    RED = 1


class Good(NamedTuple):
    one: int
    many: tuple[Colour, ...] = (Colour.RED,)


class Bad(NamedTuple):
    tell: Callable[[int], None]
    after: Good = Good(1)


@dataclass
class Held:
    what: object


@pytest.mark.parametrize(
    "code",
    [len, lambda: 0, [].append, Held, os, sys.stdout, Path("x"), iter(()), ValueError("x")],
    ids=lambda code: type(code).__name__,
)
def test_code_is_noticed_wherever_it_is(code: object) -> None:
    for value in (code, (code,), {1: code}, Held(code), Held([Good(1), {"a": (code,)}])):
        assert list(strangers(value))


def test_types_are_noticed() -> None:
    assert list(strangers(Held((Good(1), {Colour.RED: b""}, {1, 2})))) == []
    assert list(strange_types(Good, "Good", set())) == []
    assert [found.partition(":")[0] for found in strange_types(Bad, "Bad", set())] == ["Bad.tell"]
    assert list(strange_types(Held, "Held", set()))
    assert [*records([Held(Good(1))])] == [Held, Good]
