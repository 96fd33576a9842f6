"""Loads and stores: each address, size and value against RAM itself, at the moment it is told."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import pytest

from emu.debuginfo import open_files
from emu.environment.world import ScriptedWorld
from emu.execution.code import Code
from emu.machine import Machine
from emu.machine.observers import Observer
from emu.trace.accesses import AccessTracer
from emu.trace.events import AccessEvent, Event
from emu.trace.filters import Filter
from emu.trace.jsonl import JsonLinesFormat
from emu.trace.output import Output
from emu.trace.recorder import Recorder
from kernel_model.abi import MAP_NOEXEC, MAP_READ, MAP_WRITE, FrameType, MapKind
from kernel_model.mapping import enter_view
from tests.guests import guest
from tests.hooks import use_python_hooks
from tests.traced import BACKENDS, built, machine_for

GUESTS = (
    "programs/hello",
    "newlib/structs.arm-hard",
    "newlib/doubles.thumb-hard",
    "newlib/varargs.thumb-soft",
)
ENOUGH = 40_000
PAGE = 0x1000


class Checking:
    """A format that writes nothing and compares every access with RAM."""

    ending = ""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.ram = machine.ram.ram
        self.seen: list[AccessEvent] = []
        self.stored: AccessEvent | None = None

    def begin(self) -> str:
        return ""

    def event(self, event: Event) -> str:
        assert isinstance(event, AccessEvent)
        self.check_stored()
        self.seen.append(event)
        assert self.machine.cores[0].backend.translate(event.va).pa == event.pa
        if self.ram.contains(event.pa):
            if event.is_write:
                self.stored = event
            else:
                assert self.bytes_at(event) == expected(event)
        return ""

    def check_stored(self) -> None:
        """The store before is in RAM by now."""
        event, self.stored = self.stored, None
        if event is not None:
            assert self.bytes_at(event) == expected(event)

    def bytes_at(self, event: AccessEvent) -> bytes:
        return self.ram.read(event.pa, len(expected(event)))


def expected(event: AccessEvent) -> bytes:
    """The value's bytes that are in the first page."""
    return event.value.to_bytes(event.size, "little")[: PAGE - event.pa % PAGE]


def attach_tracer(
    machine: Machine, program: Path, format_: Any, fd: int, gathers: bool = False
) -> AccessTracer:
    output = Output(fd, "nothing", shared=True)
    code = Code.of(machine, open_files(str(program)))
    recorder = Recorder(machine.sessions, Filter(), format_, output, code, machine.history)
    tracer = AccessTracer(recorder, None, gathers)
    machine.observers.add(tracer)
    return tracer


def check(machine: Machine, program: Path, tmp_path: Path) -> list[AccessEvent]:
    format_: Any = Checking(machine)
    with (tmp_path / "nothing").open("wb") as stream:
        attach_tracer(machine, program, format_, stream.fileno())
        machine.run()
    format_.check_stored()
    return format_.seen


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", GUESTS)
def test_every_access_of_a_guest_is_what_ram_says(name: str, mmu: str, tmp_path: Path) -> None:
    seen = check(machine_for(guest(name), mmu, ENOUGH), guest(name), tmp_path)
    assert len(seen) > 500
    for is_write in (False, True):
        assert {event.size for event in seen if event.is_write is is_write} >= {1, 4}


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize(
    "name", ["exclusive", "exclusive_call", "calling", "faulty", "rewriting", "spanning"]
)
def test_every_access_of_a_small_program_is_what_ram_says(
    name: str, mmu: str, tmp_path: Path
) -> None:
    assert check(machine_for(built(name), mmu), built(name), tmp_path)


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", ["ring", "server", "table_travels", "code_travels"])
def test_every_access_of_several_processes_is_what_ram_says(
    name: str, mmu: str, tmp_path: Path
) -> None:
    program = guest(f"scenarios/{name}")
    assert len(check(machine_for(program, mmu, ENOUGH), program, tmp_path)) > 500


def stores(seen: list[AccessEvent]) -> list[tuple[int, int]]:
    return [(event.size, event.value) for event in seen if event.is_write]


@pytest.mark.parametrize("mmu", BACKENDS)
def test_exclusive_stores_are_those_that_happen(mmu: str, tmp_path: Path) -> None:
    seen = check(machine_for(built("exclusive"), mmu), built("exclusive"), tmp_path)
    assert stores(seen) == [(4, 7), (4, 8), (8, 0x22_0000_0011), (1, 7), (4, 7), (2, 0x11)]


@pytest.mark.parametrize("hooks", ["C", "Python"])
@pytest.mark.parametrize("mmu", BACKENDS)
def test_of_exclusive_stores_of_each_size_those_are_told_that_happen(
    mmu: str, hooks: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """In Arm code, and in Thumb code."""
    if hooks == "Python":
        use_python_hooks(request)
    program = built("exclusive_sizes")
    seen = check(machine_for(program, mmu), program, tmp_path)
    assert stores(seen) == [(4, 0x11), (1, 0x11), (2, 0x11), (8, 0x22_0000_0011)] * 2


def gathered(program: Path, mmu: str, tmp_path: Path) -> list[dict[str, Any]]:
    """The accesses of a trace for which they may be gathered, as traces of nothing else are."""
    machine, path = machine_for(program, mmu), tmp_path / "gathered"
    with path.open("wb") as stream:
        attach_tracer(machine, program, JsonLinesFormat(), stream.fileno(), gathers=True)
        machine.run()
    _, *rows = [json.loads(line) for line in path.read_text().splitlines()]
    return rows


@pytest.mark.parametrize("hooks", ["C", "Python"])
@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", ["exclusive_sizes", "exclusive", "exclusive_call", "spanning"])
def test_accesses_that_are_gathered_are_those_that_are_told_at_once(
    name: str, mmu: str, hooks: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Exclusive stores that fail are in neither, of whatever size and in Thumb code too."""
    program = built(name)
    at_once = [asdict(event) for event in check(machine_for(program, mmu), program, tmp_path)]
    if hooks == "Python":
        use_python_hooks(request)
    found = gathered(program, mmu, tmp_path)
    assert [{key: row[key] for key in at_once[0]} for row in found] == at_once


@pytest.mark.parametrize("mmu", BACKENDS)
def test_stores_across_pages_are_those_that_happen(mmu: str, tmp_path: Path) -> None:
    seen = check(machine_for(built("spanning"), mmu), built("spanning"), tmp_path)
    assert stores(seen) == [(4, 0x11223344)] * 3  # the first, and the two of STMIA


@pytest.mark.parametrize("mmu", BACKENDS)
def test_a_page_that_moves_is_accessed_where_it_is(mmu: str, tmp_path: Path) -> None:
    seen = check(machine_for(built("moving"), mmu), built("moving"), tmp_path)
    assert [event.va for event in seen if event.is_write] == [0xEF00A000, 0xEF00C000]


@pytest.mark.parametrize("mmu", BACKENDS)
def test_an_exclusive_store_comes_before_the_call_behind_it(mmu: str, tmp_path: Path) -> None:
    """Whoever is told of the call finds what was stored before it among what was seen."""
    program = built("exclusive_call")
    machine = machine_for(program, mmu)
    told: list[list[tuple[int, int]]] = []

    class Told(Observer):
        rank: ClassVar[int] = 1

        def calling(self, *_: Any) -> None:
            told.append(stores(format_.seen))

        def faulted(self, *_: Any) -> None:
            told.append(stores(format_.seen))

    format_ = Checking(machine)
    with (tmp_path / "nothing").open("wb") as stream:
        attach_tracer(machine, program, format_, stream.fileno())
        machine.observers.add(Told())
        machine.run()
    assert told == [[(4, 7)], [(4, 7), (4, 8), (4, 9)]]


def test_after_a_restore_nothing_is_known_of_addresses(tmp_path: Path) -> None:
    program = guest("scenarios/server")
    machine = machine_for(program)
    with (tmp_path / "nothing").open("wb") as stream:
        tracer = attach_tracer(machine, program, Checking(machine), stream.fileno())
        machine.run_for(5_000)
        assert tracer._not_exclusive
        machine.restore(machine.snapshot())
    assert not tracer._not_exclusive


def test_the_backends_agree_on_every_access(tmp_path: Path) -> None:
    program = guest("newlib/structs.thumb-hard")
    tlb, map_, cpu = (
        check(machine_for(program, mmu, ENOUGH), program, tmp_path) for mmu in BACKENDS
    )
    assert len(tlb) > 500
    assert tlb == map_
    assert tlb == cpu


@pytest.mark.parametrize("mmu", BACKENDS)
def test_a_device_is_accessed_at_its_registers(mmu: str, tmp_path: Path) -> None:
    machine = machine_for(built("device"), mmu)
    seen = check(machine, built("device"), tmp_path)
    registers = [event for event in seen if event.va >= 0xEF00A000 and event.va < 0xEF00B000]
    assert [(event.is_write, event.pa, event.size) for event in registers] == [
        (True, 0x44E09000, 1),
        (False, 0x44E09014, 4),
    ]
    assert registers[0].value == ord("!")
    assert registers[1].value & 0x60 == 0x60  # the line status: all sent
    assert isinstance(machine.world, ScriptedWorld)
    assert machine.world.stdout == b"!"


SECOND = 0xEF00A000
"""Where the page that ``aliases`` uses is seen once more, beside 0xef00b000."""


@pytest.mark.parametrize("mmu", BACKENDS)
def test_two_views_of_one_page_are_told_apart(mmu: str, tmp_path: Path) -> None:
    program = built("aliases")
    machine = machine_for(program, mmu)
    show_page_twice(machine)
    seen = check(machine, program, tmp_path)
    through = [(event.is_write, event.va) for event in seen if event.va >= SECOND]
    first, second = SECOND, SECOND + PAGE
    assert through == [
        (True, first + 8), (True, second + 8),  # str
        (False, first + 4), (False, second + 12),  # pre- and post-indexed
        (False, second), (False, second + 4), (False, second + 8),  # ldm over its own base
        (False, first + 16), (False, first + 20),  # ldrd over its own base
        (True, first + 0xFF8), (True, first + 0xFFC),  # push
        (False, second + 32),  # register offset, shifted
        (False, first + 64), (False, first + 72),  # vld1
    ]  # fmt: skip
    assert {event.pa & -PAGE for event in seen if event.va >= SECOND} == {seen[-1].pa & -PAGE}


def show_page_twice(machine: Machine) -> None:
    """As after a device-tree boot, where frames may overlap."""
    kernel = machine.kernel
    proc0 = kernel.processes[0]
    free = max((kernel.frames[f_id] for f_id in proc0.frames), key=lambda frame: frame.len)
    table = kernel.frames[2]
    for at in (0, PAGE):
        frame = kernel.add_frame(proc0, FrameType.MEM, free.pa, PAGE)
        flags = MAP_READ | MAP_WRITE | MAP_NOEXEC | MapKind.PAGE
        enter_view(kernel, frame, table, SECOND + at - table.t_va, flags)
