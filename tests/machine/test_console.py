"""Who waits for the console keeps nobody else waiting, and is not kept waiting itself."""

from __future__ import annotations

import os
import pty

import pytest

from emu.environment.outside import Outside
from emu.environment.requests import Answer, InputReady
from emu.environment.world import HostWorld, ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine
from emu.machine.outcome import How
from tests.guests import guest


class Slow(ScriptedWorld):
    """Somebody types, but not before so many looks at whether they have."""

    def __init__(self, looks: int) -> None:
        super().__init__(b"typed\n")
        self.looks = looks

    def input_ready(self, request: InputReady, moment: int) -> Answer:
        self.looks -= 1
        return self.looks < 0


def run(looks: int) -> tuple[list[str], Slow]:
    path = guest("scenarios/patient")
    world = Slow(looks)
    with path.open("rb") as stream:
        outcome = Machine(load_elf(stream, path.name), world).run()
    assert (outcome.how, outcome.status) == (How.EXITED, 0)
    return bytes(world.stdout).decode().splitlines(), world


def test_input_that_is_there_is_read_at_once() -> None:
    lines, world = run(0)
    assert lines == ["read: typed", "computed", "PASS patient"]
    assert world.looks == -1, "nobody waits, so nobody looks again"


@pytest.mark.parametrize("looks", [1, 5])
def test_input_that_comes_is_read_while_others_compute(looks: int) -> None:
    lines, world = run(looks)
    assert lines == ["read: typed", "computed", "PASS patient"]
    assert world.looks == -1


def test_nobody_else_waits_for_it() -> None:
    """Who types is waited for when there is nothing else to do."""
    lines, _ = run(1 << 30)
    assert lines == ["computed", "read: typed", "PASS patient"]


def test_what_comes_from_no_terminal_is_always_there() -> None:
    """However long a pipe takes: a run must not depend on it."""
    reader, writer = os.pipe()
    with os.fdopen(reader), os.fdopen(writer, "wb"):
        assert Outside(HostWorld(["program"], streams=(reader, 1, 2))).is_input_ready()


def test_a_terminal_is_ready_when_a_line_is_there() -> None:
    ours, its = pty.openpty()
    world = Outside(HostWorld(["program"], streams=(its, 1, 2)))
    assert not world.is_input_ready()
    os.write(ours, b"two\nlines\n")
    assert world.is_input_ready()
    assert world.read_input(100) == b"two\n"
    assert world.is_input_ready()
    assert world.read_input(100) == b"lines\n"
    assert not world.is_input_ready()
    os.write(ours, b"again\n")
    state = world.snapshot()
    assert world.read_input(100) == b"again\n"
    world.restore(state)
    assert world.is_input_ready(), "what was read comes again"
    os.close(ours)
    os.close(its)
