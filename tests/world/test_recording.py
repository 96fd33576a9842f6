"""Whatever a run owes to its outside is in its requests, their moments and their answers."""

from __future__ import annotations

import os
import pickle
import subprocess
import threading
from contextlib import suppress
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

import pytest

from emu.environment.requests import Answer, Cause, Request
from emu.environment.world import HostWorld, ScriptedWorld, World
from emu.loader import load_elf
from emu.machine import How, Machine, Options
from emu.machine.outcome import Outcome
from emu.machine.snapshot import Snapshot
from kernel_model.descriptors import EXEC, READ
from kernel_model.image import Image, Segment
from tests.guests import guest, need_tool
from tests.world.recording import Asked, Recorder, ScriptedAnswers

RAM: Final = 16 << 20

FILES: Final = r"""
#include <stdio.h>
#include <string.h>
#include <time.h>
int main(int argc, char **argv) {
    char line[80];
    FILE *out = fopen("out", "w+"), *gone = fopen("gone", "r");
    fprintf(out, "%d %s %d\n", argc, argv[1], gone == NULL);
    while (fgets(line, sizeof line, stdin))
        fprintf(out, "%u %s", (unsigned)(clock() / CLOCKS_PER_SEC), line);
    rewind(out);
    while (fgets(line, sizeof line, out)) { fputs(line, stdout); fputs(line, stderr); }
    fclose(out);
    if (remove("out")) return 1;
    printf("%ld\n", (long)time(NULL));
    return fopen("left open", "a") == NULL;
}
"""


@pytest.fixture(scope="module")
def files_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("recording")
    source, program = directory / "files.c", directory / "files.elf"
    source.write_text(FILES)
    words = [need_tool("arm-none-eabi-gcc"), "-march=armv7-a", "-O1", "--specs=rdimon.specs"]
    subprocess.run([*words, source, "-o", program], check=True)
    return program


def machine_of(path: Path, world: World, **options: Any) -> Machine:
    with path.open("rb") as stream:
        return Machine(load_elf(stream, path.name), world, Options(ram=RAM, **options))


def without_world(state: Snapshot) -> Snapshot:
    """All but what a world remembers for itself."""
    return state._replace(outside=state.outside._replace(world=None))


def travelled(log: list[Asked]) -> list[Asked]:
    """The same from a file."""
    check_plain(log)
    again: list[Asked] = pickle.loads(pickle.dumps(log))
    assert again == log
    return again


def check_replay(
    path: Path, log: list[Asked], end: tuple[Outcome, Snapshot], **options: Any
) -> ScriptedAnswers:
    world = ScriptedAnswers(travelled(log))
    machine = machine_of(path, world, **options)
    assert machine.run() == end[0]
    assert without_world(machine.snapshot()) == without_world(end[1])
    assert world.is_at_end
    return world


@pytest.mark.parametrize(
    "name", ["newlib/clock.arm-soft", "newlib/lines.thumb-soft", "programs/echo", "programs/uart"]
)
@pytest.mark.parametrize("stats", [False, True], ids=["", "counted"])
def test_a_run_is_repeated_from_its_answers(name: str, stats: bool) -> None:
    scripted = ScriptedWorld([b"some li", b"nes\nof input\n", b"and a rest"], ("prog", "arg"))
    recorder = Recorder(scripted)
    machine = machine_of(guest(name), recorder, stats=stats)
    end = machine.run(), machine.snapshot()
    assert end[0].how is How.EXITED
    again = check_replay(guest(name), recorder.log, end, stats=stats)
    assert again.output == {1: bytes(scripted.stdout), 2: bytes(scripted.stderr)}


@pytest.mark.parametrize("max_output", [None, 40])
def test_a_run_with_files_of_the_host_is_repeated_without_them(
    files_program: Path, tmp_path: Path, max_output: int | None
) -> None:
    stdin, writer = os.pipe()
    reader, stdout = os.pipe()
    os.write(writer, b"one\ntwo\n")
    os.close(writer)
    world = HostWorld(("prog", "arg"), str(tmp_path), (stdin, stdout, stdout))
    recorder = Recorder(world)
    machine = machine_of(files_program, recorder, max_output=max_output)
    end = machine.run(), machine.snapshot()
    assert end[0].how is (How.EXITED if max_output is None else How.MAX_OUTPUT)
    assert max_output or (tmp_path / "left open").exists()
    for path in tmp_path.iterdir():
        path.unlink()
    again = check_replay(files_program, recorder.log, end, max_output=max_output)
    assert not list(tmp_path.iterdir())
    os.close(stdout)
    assert os.read(reader, 1000) == b"".join(
        request[2] for _, request, _ in recorder.log if request[0] == "write"
    )
    assert max_output is None or sum(map(len, again.output.values())) == max_output
    os.close(stdin)
    os.close(reader)


class Impatient(Recorder):
    """Interrupts the machine as it asks for something that the outside keeps it waiting for."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world)
        self._name = name
        self.machine: Machine | None = None

    def answer(self, request: Request, moment: int) -> Answer:
        if request[0] == self._name and self.machine is not None:
            threading.Timer(0.02, self.machine.interrupt).start()
        return super().answer(request, moment)


def ends_waiting(name: str, program: str, streams: tuple[int, int, int]) -> list[Asked]:
    world = Impatient(HostWorld(("prog",), streams=streams), name)
    world.machine = machine_of(guest(program), world)
    end = world.machine.run(), world.machine.snapshot()
    assert end[0].how is How.INTERRUPTED
    check_replay(guest(program), world.log, end)
    return world.log


def test_an_ended_wait_for_input_is_an_answer() -> None:
    """Its cause, too: the repeated run ends there without a signal and without time."""
    stdin, writer = os.pipe()
    log = ends_waiting("read_input", "programs/echo", (stdin, 1, 2))
    assert log[-1][1:] == (("read_input", 256), Cause.INTERRUPTED)
    os.close(stdin)
    os.close(writer)


def test_an_ended_wait_for_room_is_an_answer() -> None:
    reader, stdout = os.pipe()
    os.set_blocking(stdout, False)
    with suppress(BlockingIOError):
        while os.write(stdout, bytes(4096)):
            pass
    os.set_blocking(stdout, True)
    _, request, answer = ends_waiting("write", "programs/hello", (0, stdout, 2))[-1]
    assert (request[0], answer) == ("write", Cause.INTERRUPTED)
    os.close(reader)
    os.close(stdout)


def test_a_run_is_ended_at_a_moment() -> None:
    recorder = Recorder(ScriptedWorld())
    machine = loop(recorder)
    threading.Timer(0.05, machine.interrupt).start()
    assert machine.run().how is How.INTERRUPTED
    moment, request, cause = recorder.log.pop()
    assert (request, cause) == (("why_stop",), Cause.INTERRUPTED)
    assert moment == machine.instructions > 0
    again = loop(ScriptedAnswers(travelled(recorder.log)))
    again.run_for(moment)
    assert without_world(again.snapshot()) == without_world(machine.snapshot())


def loop(world: World) -> Machine:
    code = (0xEAFFFFFE).to_bytes(4, "little")  # b .
    return Machine(
        Image((Segment(0x10000, 4, code, READ | EXEC),), 0x10000), world,
        Options(ram=4 << 20, stats=True),
    )  # fmt: skip


# Values


PLAIN: Final = (bytes, int, str, bool, type(None), tuple, list, dict, frozenset, Enum)


def check_plain(value: object) -> None:
    """Neither code nor anything that leads to some."""
    assert isinstance(value, PLAIN) or is_dataclass(value), value
    if is_dataclass(value):
        check_plain(vars(value))
    elif isinstance(value, dict):
        check_plain(list(value.items()))
    elif isinstance(value, tuple | list | frozenset):
        for one in value:
            check_plain(one)


def test_what_a_snapshot_has_of_the_outside_is_plain(files_program: Path) -> None:
    scripted = ScriptedWorld(b"one\ntwo\n", ("prog", "arg"))
    machine, seen = machine_of(files_program, scripted), 0
    while machine.run_for(500).how is How.COUNT:
        state = machine.snapshot()
        for part in (state.outside, state.sessions):
            check_plain(part)
            assert pickle.loads(pickle.dumps(part)) == part
        if any(session.streams for session in state.sessions.values()):
            seen += 1
    assert seen > 3


def test_a_machine_goes_on_from_a_snapshot_with_open_files(files_program: Path) -> None:
    """Back and forth, in the machine that has them open."""
    world = ScriptedWorld(b"one\ntwo\n", ("prog", "arg"))
    machine = machine_of(files_program, world)
    states = []
    while machine.run_for(5_000).how is How.COUNT:
        states.append(machine.snapshot())
    end = bytes(world.stdout), bytes(world.stderr)
    for state in (*reversed(states), *states[::3]):
        machine.restore(state)
        assert machine.snapshot() == state
        machine.run_for(2_500)
    machine.restore(states[0])
    machine.run()
    assert (bytes(world.stdout), bytes(world.stderr)) == end
