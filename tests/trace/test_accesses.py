"""Loads and stores: each address, size and value against RAM itself, at the moment it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emu.debuginfo import open_files
from emu.environment.world import ScriptedWorld
from emu.execution.code import Code
from emu.machine import Machine
from emu.trace.accesses import AccessTracer
from emu.trace.events import Access, Event
from emu.trace.filters import Filter
from emu.trace.output import Output
from emu.trace.recorder import Recorder
from kernel_model.abi import MAP_NOEXEC, MAP_READ, MAP_WRITE, FrameType, MapKind
from kernel_model.mapping import enter_view
from tests.guests import guest
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
        self.seen: list[Access] = []
        self.stored: Access | None = None

    def begin(self) -> str:
        return ""

    def event(self, event: Event) -> str:
        assert isinstance(event, Access)
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

    def bytes_at(self, event: Access) -> bytes:
        return self.ram.read(event.pa, len(expected(event)))


def expected(event: Access) -> bytes:
    """The value's bytes that are in the first page."""
    return event.value.to_bytes(event.size, "little")[: PAGE - event.pa % PAGE]


def check(machine: Machine, program: Path, tmp_path: Path) -> list[Access]:
    format_: Any = Checking(machine)
    with (tmp_path / "nothing").open("wb") as stream:
        output = Output(stream.fileno(), "nothing", shared=True)
        code = Code.of(machine, open_files(str(program)))
        recorder = Recorder(machine.services, Filter(), format_, output, code)
        machine.observers.add(AccessTracer(recorder, None))
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
@pytest.mark.parametrize("name", ["exclusive", "calling", "faulty", "rewriting"])
def test_every_access_of_a_small_program_is_what_ram_says(
    name: str, mmu: str, tmp_path: Path
) -> None:
    assert check(machine_for(built(name), mmu), built(name), tmp_path)


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
