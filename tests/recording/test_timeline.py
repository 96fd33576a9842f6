"""Going back: a place is the same whichever way it is come to, and what is found is the last."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

import emu
from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import How, Machine, Options
from emu.machine.snapshot import Snapshot
from emu.mmu import BACKENDS
from emu.recording.log import Log
from emu.recording.timeline import PastError, Timeline
from emu.recording.world import LoggedWorld
from kernel_model.image import Image
from tests.fuzz import chaos
from tests.fuzz.variants import Variant, hooks_of
from tests.guests import guest
from tests.recording.rig import BEGINNING

MOST = 300_000
"""Instructions of a random program that are looked at."""
INTERVAL = 20_000
INPUT = b"one\ntwo\nthree\n"


def timeline_of(
    image: Image, stdin: bytes = b"", mmu: str = "tlb", bound: int = 1 << 30
) -> tuple[Machine, Timeline]:
    world = LoggedWorld(Log(BEGINNING), ScriptedWorld(stdin))
    machine = Machine(image, world, Options(ram=4 << 20, mmu=mmu))
    return machine, Timeline(machine, world, bound, INTERVAL)


def straight(image: Image, stdin: bytes, mmu: str, places: Iterable[int]) -> list[Snapshot]:
    """What a machine is at each of these places on its way from the start."""
    machine, _ = timeline_of(image, stdin, mmu)
    found = []
    for place in places:
        if place > machine.instructions:
            machine.run_for(place - machine.instructions)
        found.append(machine.snapshot())
    return found


def check_places(image: Image, stdin: bytes, mmu: str, count: int, seed: int) -> None:
    """Going to random places in random order leads to what is there from the start."""
    machine, timeline = timeline_of(image, stdin, mmu)
    timeline.go_to(MOST)
    end = machine.instructions
    chance = random.Random(seed)
    places = sorted({chance.randrange(end + 1) for _ in range(count)})
    snapshots = dict(zip(places, straight(image, stdin, mmu, places), strict=True))
    chance.shuffle(places)
    for place in places:
        timeline.go_to(place)
        same = machine.snapshot() == snapshots[place]
        assert same, f"seed {seed}: not the same at {place}"
    timeline.go_to(end)
    assert machine.instructions == end


@pytest.mark.parametrize("seed", range(8))
def test_a_place_of_a_random_program_is_the_same_from_both_sides(seed: int) -> None:
    image = chaos.program_of(chaos.generate(seed)).image
    with hooks_of(Variant(hooks="Python" if seed % 4 == 3 else "C")):
        check_places(image, b"", BACKENDS[seed % 3], 12, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100))
def test_many_places_of_random_programs(seed: int) -> None:
    check_places(chaos.program_of(chaos.generate(seed)).image, b"", BACKENDS[seed % 3], 20, seed)


@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize("name", ["programs/echo", "scenarios/server", "scenarios/preempt"])
def test_a_place_of_a_program_is_the_same_from_both_sides(name: str, mmu: str) -> None:
    with guest(name).open("rb") as stream:
        image = load_elf(stream, name)
    check_places(image, INPUT, mmu, 10, 5)


def test_snapshots_thin_out_under_their_bound() -> None:
    machine, timeline = timeline_of(load("bench/sort"), bound=1 << 20)
    timeline.run(machine.run_for)
    assert 4 < len(timeline.kept) < machine.instructions / INTERVAL
    assert timeline.kept[0] == timeline.begin == 0
    gaps = [b - a for a, b in zip(timeline.kept, timeline.kept[1:], strict=False)]
    assert gaps[-1] <= INTERVAL < max(gaps[:-1])
    place = machine.instructions // 3
    timeline.go_to(place)
    assert machine.instructions == place


def load(name: str) -> Image:
    with guest(name).open("rb") as stream:
        return load_elf(stream, name)


def test_nothing_is_known_before_a_change() -> None:
    machine, timeline = timeline_of(load("programs/echo"), INPUT)
    timeline.go_to(200)
    machine.set_registers(machine.kernel.processes[0], machine.state_of(
        machine.kernel.processes[0]).core)  # fmt: skip
    timeline.forget()
    with pytest.raises(PastError, match="known from 200 instructions"):
        timeline.go_to(199)
    assert timeline.run(machine.run_for).how is How.EXITED


# The API


@pytest.fixture(params=BACKENDS)
def machine(request: pytest.FixtureRequest) -> emu.RewindableMachine:
    made = emu.load(guest("programs/lines"), stdin=INPUT, mmu=request.param, ram="4M", rewind=True)
    assert isinstance(made, emu.RewindableMachine)
    return made


def test_output_and_input_are_those_of_the_place(machine: emu.RewindableMachine) -> None:
    end = machine.run()
    output, count, calls = machine.console.output, machine.instructions, machine.calls
    assert output
    machine.go_to(0)
    assert (machine.console.output, machine.calls) == (b"", 0)
    for number in range(1, calls):
        stop = machine.go_to(call=number)
        assert machine.calls == number
        assert stop.call is not None
        assert output.startswith(machine.console.output)
    assert machine.go_to(end=True) == end
    assert (machine.console.output, machine.instructions) == (output, count)


def test_steps_back_are_steps(machine: emu.RewindableMachine) -> None:
    places = []
    for _ in range(300):
        assert machine.process is not None
        places.append((machine.instructions, machine.process.registers.pc))
        machine.step()
    for place in reversed(places):
        machine.step_back()
        assert machine.process is not None
        assert (machine.instructions, machine.process.registers.pc) == place
    with pytest.raises(emu.PastError):
        machine.step_back()


def test_the_last_call_is_found_and_the_one_before(machine: emu.RewindableMachine) -> None:
    seen: list[tuple[int, int]] = []

    @machine.on("call")
    def _note(call: emu.Call) -> None:
        if call.name == "console_write":
            seen.append((call.number, machine.instructions))

    machine.run()
    told = list(seen)
    assert len(told) > 2
    for number, place in reversed(told):
        stop = machine.run_back_until(call="console_write")
        assert stop is not None
        assert stop.call is not None
        assert (stop.call.number, machine.instructions) == (number, place)
    assert machine.run_back_until(call="console_write") is None
    assert machine.instructions == 0
    assert seen == told, "callbacks are not told of what is run again"


def test_the_last_store_is_found(tmp_path: Path) -> None:
    """Each store to a word, last first, by where it is made and what it stores."""
    source = tmp_path / "stores.c"
    source.write_text("""
        volatile unsigned word, other[64];
        int main(void)
        {
            for (unsigned i = 0; i < 50; i++) {
                if (i % 7 == 3)
                    word = i * i;
                other[i] = word;
            }
            return word != 45 * 45;
        }
    """)
    program = emu.build(source, output=tmp_path / "stores.elf", flags=("-O1", "-g", "-marm"))
    machine = emu.load(program, ram="8M", rewind=True)
    assert isinstance(machine, emu.RewindableMachine)
    assert machine.run().status == 0
    va = machine.symbols["word"]
    found = []
    while (stop := machine.run_back_until(write=va, pid=0)) is not None:
        assert stop.reason == "write"
        place = machine.instructions
        machine.step()
        found.append(machine.processes[0].memory.read_word(va))
        machine.go_to(place)
    stored = [i * i for i in range(50) if i % 7 == 3]
    assert [value for value in found if value] == stored[::-1]
    machine.go_to(end=True)
    assert machine.run_back_until(read=(va, 4), pid=0) is not None
    reading = machine.instructions
    assert machine.run_back_until(symbol="main") is not None
    assert machine.instructions < reading


def test_what_is_changed_cannot_be_gone_back_before(machine: emu.RewindableMachine) -> None:
    machine.run_until(call=2)
    assert machine.process is not None
    machine.process.registers["r4"] = machine.process.registers["r4"]
    place = machine.instructions
    machine.run_until(instructions=50)
    machine.go_to(place)
    with pytest.raises(emu.PastError):
        machine.step_back()
    undo = machine.inject("console_write", error="POOL_FULL", when=1000)
    with pytest.raises(emu.PastError, match="injected"):
        machine.go_to(place)
    undo()
    machine.run()
    machine.step_back()


def test_a_run_goes_on_from_a_change_in_the_past() -> None:
    """Its log then grows at an earlier place than it has been."""
    machine = emu.load(guest("programs/echo"), stdin=INPUT, rewind=True)
    assert isinstance(machine, emu.RewindableMachine)
    machine.run()
    machine.go_to(100)
    machine.processes[0].registers["r4"] = 1
    assert machine.run().reason == "exit"


def test_no_injection_may_stand_where_the_machine_goes_back(
    machine: emu.RewindableMachine,
) -> None:
    machine.run_until(call=2)
    undo, other = (machine.inject("console_write", result=0, when=1000) for _ in range(2))
    undo()
    with pytest.raises(emu.PastError, match="injected"):
        machine.step_back()
    other()
    machine.run_until(call=1)
    machine.step_back()


def test_a_recording_is_gone_through(tmp_path: Path) -> None:
    from tests.recording.rig import recorded

    file = tmp_path / "run.rec"
    run = recorded(guest("programs/lines"), file, stdin=INPUT)
    machine = emu.replay(file, mmu="map")
    assert machine.run().status == run.returncode
    assert machine.console.output == run.stdout
    end = machine.instructions
    machine.step_back(100)
    assert machine.run_back_until(call="console_read") is not None
    assert 0 < machine.instructions < end - 100
    assert machine.symbols["main"]


def test_a_machine_that_cannot_go_back_says_nothing_of_it() -> None:
    machine = emu.load(guest("programs/hello"))
    assert not hasattr(machine, "go_to")
