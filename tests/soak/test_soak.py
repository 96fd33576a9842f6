"""The programs of the long runs do what they are for, in small; and growth is noticed."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import How, Machine, Options
from tests.guests import guest
from tests.soak.__main__ import Soak
from tests.soak.curve import curve

COUNTS = {"calls": 2000, "processes": 64, "code": 500}


@pytest.mark.parametrize("code", ["", ".arm"], ids=["thumb", "arm"])
@pytest.mark.parametrize("name", COUNTS)
def test_a_long_program_does_as_much_as_it_is_told(name: str, code: str) -> None:
    path = guest(f"soak/{name}{code}")
    world = ScriptedWorld(arguments=(name, str(COUNTS[name])))
    with path.open("rb") as stream:
        machine = Machine(load_elf(stream, path.name), world, Options())
    outcome = machine.run()
    assert (outcome.how, outcome.status) == (How.EXITED, 0), world.stdout
    *lines, last = world.stdout.decode().split("\n")[:-1]
    assert (len(lines), last) == (40, f"PASS {name}")
    if name == "calls":
        assert COUNTS[name] <= machine.calls.total <= COUNTS[name] + 100
    if name == "processes":
        (new,) = (call for call in machine.kernel.calls if call.name == "proc_new")
        assert machine.calls.by_number[new.number] == COUNTS[name] + 1


def test_growth_is_counted_from_the_first_tenth() -> None:
    filling = (50, 100, 150, 200)
    assert Soak("x", "tlb", 40, (*filling, *[200] * 36), 0).growth == 0
    assert Soak(
        "x", "tlb", 40, (*filling, *[200] * 30, 220, *[200] * 5), 0
    ).growth == pytest.approx(0.1)
    assert Soak("x", "tlb", 40, (*filling, *range(201, 237)), 0).growth == pytest.approx(0.18)


def test_the_curve_is_a_drawing_with_a_line_a_run() -> None:
    drawing = ET.fromstring(curve({"one": [10 << 20] * 40, "other": [60 << 20] * 40}))
    lines = [
        line.get("points") or "" for line in drawing.iter("{http://www.w3.org/2000/svg}polyline")
    ]
    assert [len(points.split()) for points in lines] == [40, 40]
