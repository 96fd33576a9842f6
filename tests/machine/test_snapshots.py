"""A machine as a value: kept, compared, brought back, here or in another machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from emu.environment.files import HostFiles, OpenMode
from emu.environment.outside import Outside
from emu.environment.world import HostWorld, ScriptedWorld
from emu.loader import load_elf
from emu.machine import How, Machine, Options
from emu.machine.fault import MachineFault
from emu.machine.history import BOOT, KernelEntry
from emu.mmu import BACKENDS
from emu.semihosting.service import Semihosting
from kernel_model.process import Result
from tests.guests import guest
from tests.traced import built

RAM: Final = 16 << 20
PROGRAMS: Final = ("scenarios/server", "scenarios/preempt", "newlib/sieve.arm-soft")
"""Several processes with messages; several that compute; one on semihosting."""


def machine_for(path: Path, mmu: str = "tlb", stdin: bytes = b"", **options: Any) -> Machine:
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    world = ScriptedWorld(stdin, arguments=(path.name,))
    return Machine(image, world, Options(ram=RAM, mmu=mmu, **options))


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_run_from_a_snapshot_is_the_run(name: str, mmu: str) -> None:
    """To the last byte, whatever has happened to the machine since."""
    machine = machine_for(guest(name), mmu)
    machine.run_for(30_000)
    before = machine.snapshot()
    outcome, after = machine.run(), machine.snapshot()
    assert after != before
    machine.restore(before)
    assert machine.snapshot() == before
    assert machine.run() == outcome
    assert machine.snapshot() == after


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_another_machine_goes_on_from_a_snapshot(name: str, mmu: str) -> None:
    """On any backend: nothing of a snapshot belongs to the one that it was taken on."""
    machine = machine_for(guest(name))
    machine.run_for(30_000)
    before = machine.snapshot()
    other = machine_for(guest("programs/hello"), mmu)
    other.restore(before)
    assert other.snapshot() == before
    assert other.run() == machine.run()
    assert other.snapshot() == machine.snapshot()


def test_looking_at_a_machine_changes_nothing() -> None:
    watched, alone = machine_for(guest(PROGRAMS[0])), machine_for(guest(PROGRAMS[0]))
    while watched.run_for(7_001).how is How.COUNT:
        watched.snapshot()
        alone.run_for(7_001)
    alone.run_for(7_001)
    assert watched.snapshot() == alone.snapshot()


def test_an_exclusive_store_succeeds_after_a_restore() -> None:
    """What the monitor remembers between LDREX and STREX is part of the machine."""
    machine = machine_for(built("exclusive"), stats=True)
    whole = machine_for(built("exclusive"), stats=True)
    end = whole.run()
    cuts = 0
    while machine.step().how is How.COUNT:
        state = machine.snapshot()
        cuts += any(any(one.exclusive[:4]) for one in state.cores[0].registers.values())
        machine = machine_for(built("exclusive"), stats=True)
        machine.restore(state)
    assert cuts, "never between the two"
    assert end.status == 0
    assert machine.snapshot() == whole.snapshot()


def test_input_that_has_been_read_comes_again() -> None:
    machine = machine_for(guest("programs/echo"), stdin=b"one\ntwo\nthree\n")
    machine.run_to_call(2)
    before = machine.snapshot()
    machine.run()
    out = bytes(machine.world.stdout)  # type: ignore[attr-defined]
    machine.restore(before)
    machine.run()
    assert bytes(machine.world.stdout) == out  # type: ignore[attr-defined]


def test_open_files_are_opened_again_where_the_program_was(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"0123456789")
    world = HostWorld(("program",), str(tmp_path))
    service = Semihosting(Memory(), Outside(world), Nobody())
    service.memory.write(0x100, b"text\0")
    handle = service.call(0x01, block(service, 0x100, 0, 4))
    service.call(0x0A, block(service, handle, 4))
    state = service.snapshot()
    assert isinstance(world.files, HostFiles)
    service.close_all()
    service.restore(state)
    assert service.snapshot() == state
    assert service.call(0x06, block(service, handle, 0x200, 3)) == 0
    assert service.memory.read(0x200, 3) == b"456"
    (tmp_path / "text").unlink()
    with pytest.raises(FileNotFoundError):
        service.restore(state)


class Memory:
    """A page of memory for a semihosting call's operands."""

    def __init__(self) -> None:
        self.bytes = bytearray(0x1000)

    def read(self, va: int, length: int) -> bytes:
        return bytes(self.bytes[va : va + length])

    def write(self, va: int, data: bytes) -> None:
        self.bytes[va : va + len(data)] = data

    def bytes_at(self, va: int, length: int) -> bytes:
        return self.read(va, length)

    def place(self, va: int, length: int) -> int:
        return va

    page_place = place

    store = write


class Nobody:
    """A process that neither ends nor has a heap."""

    mapped_heap = None

    def exit(self, status: int) -> None:
        raise AssertionError

    def heap(self) -> Any:
        raise AssertionError


def block(service: Semihosting, *words: int) -> int:
    service.memory.write(0, b"".join(word.to_bytes(4, "little") for word in words))
    return 0


# Every field


def everything(machine: Machine) -> Iterator[tuple[str, Callable[[], None]]]:
    """Each thing that a machine remembers, by name, and how to change it."""
    core, kernel, outside = machine.cores[0], machine.kernel, machine.outside
    registers = core.engine.registers
    for name in ("r0", "r7", "sp", "lr", "d0", "d31", "fpscr", "tpidrurw"):
        yield name, lambda name=name: registers.write(name, registers.read(name) ^ 0x01000000)
    yield "pc", lambda: registers.write("pc", registers.pc + 4 | registers.thumb)
    yield "cpsr", lambda: registers.write("cpsr", registers.read("cpsr") ^ 1 << 31)
    yield "turn", lambda: setattr(core, "turn", core.turn - 1)
    yield "fault", lambda: setattr(core, "fault", MachineFault(0, "x", 0, (0,) * 17))
    yield "switches", lambda: setattr(core, "switches", core.switches + 1)
    yield "owed", lambda: setattr(core, "owed", {0: 3})
    yield "instructions", lambda: setattr(core.engine.counter, "count", 7)
    yield "loaded", lambda: setattr(core, "loaded", None)
    yield "ram", lambda: machine.ram.ram.write(machine.ram.ram.base + RAM - 1, b"\1")
    yield "kernel", lambda: setattr(kernel, "next_f_id", kernel.next_f_id + 1)
    yield "resume", lambda: setattr(kernel.processes[0], "resume", Result(3))
    for device in machine.bus:
        for name in device.snapshot()._fields:  # type: ignore[attr-defined]
            value = getattr(device, name)
            yield f"uart.{name}", lambda d=device, n=name, v=value: setattr(d, n, v + 1)
    yield "clock", outside.now
    yield "is_timed", lambda: setattr(outside, "is_timed", True)
    yield "written", lambda: setattr(outside, "written", 99)
    yield "stdin", lambda: outside.read_input(1)
    yield "stdout", lambda: outside.write_output(b"!")
    yield "stderr", lambda: outside.write_error(b"!")
    yield "files", lambda: outside.files.close(outside.files.open(b"new", _WRITE))

    def service() -> Semihosting:
        return machine.sessions.of(kernel.processes[0])

    yield "errno", lambda: setattr(service(), "errno", 99)
    yield "streams", lambda: service().streams.clear()
    yield "told", lambda: service()._told.add("!")
    yield "heap", lambda: setattr(service().process, "mapped_heap", (1, 2))
    history = machine.history
    yield "made", lambda: setattr(history, "made", history.made + 1)
    yield "under_way", lambda: setattr(history, "under_way", KernelEntry(9, 9, BOOT))
    for name in ("calls", "refusals"):
        yield name, lambda name=name: getattr(history, name).append((KernelEntry(9, 9, BOOT), 0))
    yield "writes", lambda: history.writes.append((KernelEntry(9, 9, BOOT), 0, 1, 1, 0, 0))
    yield "waiting", lambda: history.waiting.update({9: KernelEntry(9, 9, BOOT)})
    yield "faults", lambda: history.faults.update({9: "!"})
    yield "counts", lambda: machine.calls.by_number.update({3: 99})
    yield "unknown", lambda: setattr(machine.calls, "unknown", 99)
    yield "semihosting", lambda: setattr(machine.calls, "told", 99)


_WRITE: Final = OpenMode.WRITE | OpenMode.CREATE


def lively() -> Machine:
    """A machine in the midst of a program that has files open and input left."""
    machine = machine_for(guest("newlib/sieve.arm-soft"), stdin=b"input\nand more\n")
    machine.run_for(30_000)
    return machine


def test_whatever_a_machine_remembers_is_in_a_snapshot_and_comes_back() -> None:
    machine = lively()
    before = machine.snapshot()
    for name, change in everything(machine):
        change()
        changed = machine.snapshot()
        assert changed != before, name
        machine.restore(before)
        assert machine.snapshot() == before, name


FAST: Final = {
    "Machine": {"options": "how to run, not what runs", "observers": "who looks",
                "board": "where things are",
                "turns": "which core and what it was asked is set anew by each run"},
    "Core": {"number": "which it is", "backend": "what it keeps only makes it fast",
             "is_sliced": "set anew before each run", "_run_began": "set anew by each run",
             "_contexts": "in registers",
             "engine": "in registers", "resume_call": "what is_call_pending is for",
             "semihosting": "what the program is built for", "semihost": "who answers"},
    "Calls": {"by_number": "in calls", "unknown": "in calls", "decide": "who looks",
              "svcs": "in told"},
    "Uart": {"pa": "where it is", "_outside": "in outside"},
    "InputLines": {"_refill": "the outside", "_kept": "so that input comes again",
                   "_kept_from": "so that input comes again"},
    "Outside": {"world": "in world", "moment": "in instructions",
                "_limit": "in options", "_stop": "ends a run",
                "is_full": "set anew by each run", "cause": "set anew by each run",
                "_count": "what is_timed is for", "beginning": "the outside",
                "files": "the outside", "_unsent": "the outside"},
    "Semihosting": {"memory": "in ram", "outside": "in outside", "process": "in heap",
                    "_tell": "the outside", "_told": "in told"},
    "SemihostedProcess": {"kernel": "in kernel", "process": "in kernel", "read_sp": "in registers"},
    "SemihostingSessions": {"_kernel": "in kernel", "_outside": "in outside",
                 "_read_sp": "in registers",
                 "_cores": "in cores",
                 "_note": "the outside", "by_pid": "in sessions"},
}  # fmt: skip
"""Attributes that are no field of a snapshot, by class, each with the reason."""

KEPT: Final = {
    "Machine": {"outside", "ram", "bus", "history", "cores", "kernel", "sessions", "calls"},
    "Core": {"loaded", "turn", "owed", "fault", "is_call_pending", "switches"},
    "Calls": {"told"},
    "Uart": {"input_ended", "divisor", "ier", "fifos_enabled", "lcr", "mcr", "scr"},
    "InputLines": {"pending", "ended", "_pieces"},
    "InstructionClock": {"since", "looks"},
    "History": {"made", "under_way", "calls", "writes", "events", "refusals", "waiting",
                "faults"},
    "Semihosting": {"errno", "streams"},
    "SemihostedProcess": {"mapped_heap"},
    "SemihostingSessions": set(),
    "Outside": {"is_timed", "written"},
}  # fmt: skip


def test_no_field_is_forgotten() -> None:
    """An attribute that is added to any of these classes is decided upon here."""
    machine = lively()
    service = machine.sessions.of(machine.kernel.processes[0])
    world: Any = machine.world
    found = [machine, machine.cores[0], machine.calls, *machine.bus, world._input, world._clock,
             machine.history, service, service.process, machine.sessions,
             machine.outside]  # fmt: skip
    for one in found:
        name = type(one).__name__
        assert set(vars(one)) == KEPT[name] | set(FAST.get(name, ())), name
