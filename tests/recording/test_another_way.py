"""Going back, and on in another way: the outside is what it was there, as far as it is ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import emu
from emu.api.console import KeptWorld
from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine, Options
from emu.recording.log import Log
from emu.recording.timeline import Timeline
from emu.recording.world import LoggedWorld
from tests.guests import guest
from tests.recording.rig import BEGINNING, compiled

INTERVAL = 5_000

TEXT = b"one\ntwo\nthree\nfour\n"
COPIER = r"""
#include <stdio.h>
char line[80];
int sys_rename(const char *old, int old_length, const char *to, int length) {
    const void *block[] = {old, (void *)old_length, to, (void *)length};
    register int number __asm__("r0") = 0x0f;
    register const void *argument __asm__("r1") = block;
    __asm__ volatile("svc #0x123456" : "+r"(number) : "r"(argument) : "memory");
    return number;
}
int main(void) {
    FILE *out = fopen("out", "w"), *log;
    int rounds = 0;
    while (fgets(line, sizeof line, stdin)) {
        log = fopen("log", rounds++ ? "a" : "w");
        fprintf(log, "%d\n", rounds);
        fclose(log);
        fprintf(out, "%s", line);
        fflush(out);
        printf("%s", line);
        fflush(stdout);
        if (rounds == 2) remove("gone");
        if (rounds == 3 && sys_rename("log", 3, "moved", 5)) return 1;
    }
    return ferror(out) || fclose(out) || fopen("gone", "r");
}
"""
"""It copies lines to its output and to one file, and counts them in another."""
FILES = {b"gone": b"", b"moved": b"before"}
COPIED = {b"out": TEXT, b"log": b"4\n", b"moved": b"1\n2\n3\n"}


@pytest.fixture(scope="module")
def copier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("copier"), COPIER, "-marm", "--specs=rdimon.specs")


class Way:
    """A machine with the copier, its past, and its outside."""

    def __init__(self, program: Path, world: ScriptedWorld) -> None:
        self.world = world
        logged = LoggedWorld(Log(BEGINNING), world)
        with program.open("rb") as stream:
            image = load_elf(stream, str(program))
        self.machine = Machine(image, logged, Options(ram=4 << 20))
        self.timeline = Timeline(self.machine, logged, interval=INTERVAL)
        self.places = [0, *self._to_end()]
        """Where no line is printed, one, two, ..."""

    def _to_end(self) -> Iterator[int]:
        while not self.machine.has_ended:
            printed = bytes(self.world.stdout)
            self.timeline.run(self.machine.run_for, self.machine.instructions + 50)
            if self.world.stdout.count(b"\n") > printed.count(b"\n"):
                yield self.machine.instructions

    def change(self) -> None:
        """Change nothing, in the way of those that change something."""
        process = self.machine.kernel.processes[0]
        self.machine.set_registers(process, self.machine.state_of(process).core)
        self.timeline.forget()

    def run(self) -> int:
        return self.timeline.run(self.machine.run_for).status


@pytest.mark.parametrize("back", range(5))
def test_what_came_after_a_place_comes_again(copier: Path, back: int) -> None:
    world = ScriptedWorld(TEXT, files=FILES)
    way = Way(copier, world)
    assert dict(world.snapshot().output.files) == COPIED
    for place in (way.places[back], way.places[back]):
        way.timeline.go_to(place)
        way.change()
        printed = way.places.index(place)
        assert world.stdout == b"".join(TEXT.splitlines(keepends=True)[:printed])
        assert way.run() == 0
        assert (world.stdout, world.stderr) == (TEXT, b"")
        assert dict(world.snapshot().output.files) == COPIED


@pytest.mark.parametrize("back", range(5))
def test_files_of_the_host_stay_what_they_are(copier: Path, back: int, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name.decode()).write_bytes(content)
    world = KeptWorld(TEXT)
    world.open_directory(str(tmp_path))
    way = Way(copier, world)
    way.timeline.go_to(way.places[back])
    way.change()
    assert (tmp_path / "out").read_bytes() == TEXT
    assert way.run() == 0
    assert world.stdout == TEXT
    assert (tmp_path / "out").read_bytes() == TEXT
    assert {path.name for path in tmp_path.iterdir()} == {"out", "log", "moved"}


def test_a_file_that_is_gone_fails_when_it_is_used(copier: Path, tmp_path: Path) -> None:
    world = KeptWorld(TEXT)
    world.open_directory(str(tmp_path))
    way = Way(copier, world)
    way.timeline.go_to(way.places[2])
    (tmp_path / "out").unlink()
    way.change()
    assert way.run() == 1


# The API


@pytest.fixture
def machine() -> emu.RewindableMachine:
    made = emu.load(guest("programs/lines"), stdin=TEXT, ram="4M", rewind=True)
    assert isinstance(made, emu.RewindableMachine)
    return made


def test_a_snapshot_is_gone_back_to_time_and_again(machine: emu.RewindableMachine) -> None:
    machine.go_to(call=3)
    before, output = machine.snapshot(), machine.console.output
    machine.run()
    whole = machine.console.output
    for _ in range(3):
        machine.restore(before)
        assert machine.console.output == output
        assert machine.snapshot() == before
        machine.run()
        assert machine.console.output == whole
        machine.step_back()
        machine.go_to(end=True)
        assert machine.console.output == whole


def test_a_snapshot_of_a_way_not_taken_is_refused(machine: emu.RewindableMachine) -> None:
    machine.run()
    end = machine.snapshot()
    machine.go_to(call=2)
    here = machine.snapshot()
    machine.restore(here)
    machine.run()
    same = machine.snapshot()
    with pytest.raises(ValueError, match="not one of this machine's past"):
        machine.restore(end)
    assert machine.snapshot() == same
    machine.restore(here)
    assert machine.snapshot() == here


def test_snapshots_of_machines_of_two_kinds(machine: emu.RewindableMachine) -> None:
    plain = emu.load(guest("programs/lines"), stdin=TEXT, ram="4M")
    state, past = plain.snapshot(), machine.snapshot()
    with pytest.raises(ValueError, match="of another kind"):
        plain.restore(past)
    with pytest.raises(ValueError, match="not one of this machine's past"):
        machine.restore(state)
    assert plain.run() == machine.run()
    assert plain.console.output == machine.console.output
