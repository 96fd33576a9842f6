"""The six designs: one workload over each, and docs/designs.md says of it what is measured here."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import pytest

from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine
from emu.machine.core import Core
from emu.machine.machine import Options
from emu.machine.observers import Observer
from kernel_model.call import CallRow
from kernel_model.events import DescriptorsWritten
from kernel_model.memory import PAGE_SIZE
from kernel_model.process import Process
from tests.agreement import Way, disagreement, ways
from tests.guests import ROOT, SOURCES, guest

DESIGNS: Final = ("segments", "whole", "typed", "addressed", "vspaces", "kernel")
DOCUMENT: Final = ROOT / "docs" / "designs.md"


class Figures(NamedTuple):
    """What one run takes.  objects, tables (pages): the most there were at once."""

    calls: int
    changing: int
    objects: int
    tables: int
    descriptors: int


class Meter(Observer):
    """Counts while a machine runs."""

    def __init__(self, machine: Machine) -> None:
        self._kernel = machine.kernel
        self.calls = self.changing = self.entries = self.objects = self.tables = 0

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        self.calls += 1
        self.changing += call.changes
        charged = sum(one.charged for one in self._kernel.processes.values())
        tables = sum(frame.len for frame in self._kernel.frames.values() if frame.is_table)
        self.objects = max(self.objects, charged)
        self.tables = max(self.tables, tables // PAGE_SIZE)

    def descriptors_written(self, event: DescriptorsWritten) -> None:
        self.entries += len(event.new)


def machine_of(name: str) -> Machine:
    path = guest(f"designs/{name}")
    with path.open("rb") as stream:
        return Machine(load_elf(stream, path.name), ScriptedWorld(), Options(check=True))


def measure(name: str) -> Figures:
    """From the boot to the sentinel, the building of the child and all."""
    machine = machine_of(name)
    meter = Meter(machine)
    machine.observers.add(meter)
    assert machine.run().status == 0
    assert machine.world.stdout == f"PASS {name}\n".encode()
    return Figures(meter.calls, meter.changing, meter.objects, meter.tables, meter.entries)


def lines_of(text: str) -> int:
    """Lines of C that are neither empty nor comment."""
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return sum(bool(line.strip()) for line in code.splitlines())


def code_of(name: str) -> tuple[int, int]:
    """Lines of the design's calls, and of what uses them."""
    head, workload = (SOURCES / "designs" / f"{name}.c").read_text().split("/* --- The workload")
    if name in ("typed", "vspaces"):
        workload += (SOURCES / "designs" / "selfmap.h").read_text()
    _, _, calls = head.partition("/* --- The design's calls")
    return lines_of(f"/* {calls}" if calls else ""), lines_of(f"/* {workload}")


@pytest.mark.parametrize(("name", "ways"), ways(DESIGNS).items(), ids=DESIGNS)
def test_the_workload_runs_over_each(name: str, ways: list[Way]) -> None:
    finding, printed = disagreement(guest(f"designs/{name}"), ways)
    assert finding is None, finding.text
    assert f"PASS {name}\n".encode().startswith(printed)  # ways may end before it


@pytest.mark.parametrize("name", DESIGNS)
def test_the_document_has_the_figures(name: str) -> None:
    row = " | ".join(map(str, (*measure(name), *code_of(name))))
    assert f"| `{name}` | {row} |" in DOCUMENT.read_text()


def test_there_are_six() -> None:
    assert {path.stem for path in (SOURCES / "designs").glob("*.c")} == set(DESIGNS)
