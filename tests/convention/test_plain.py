"""A program of a convention with plain errors: what it is told, and what people are."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from emu.api.events import Call, Calls
from emu.debuginfo import open_files
from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine, Options
from emu.mmu import BACKENDS
from emu.trace.start import TraceOptions, begin_trace
from kernel_model import cheader
from tests.guests import COMPILER, need_tool
from tests.kernel.plain import PLAIN

ERRORS = [
    ("frame_split", "UNALIGNED"), ("recv", "PEER_DIED"), ("send", "NO_PROCESS"),
    ("send", "PEER_DIED"), ("recv", "PEER_DIED"),
]  # fmt: skip
"""What fails in plain.S, in order."""

WAITS = (False, True, False, True, False)
"""Which of those fail after they have waited."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("plain")
    cheader.write(directory, PLAIN.calls)
    elf = directory / "plain.elf"
    subprocess.run(
        [need_tool(COMPILER), "-mcpu=cortex-a15", "-nostdlib", "-static", "-Wl,-Ttext=0x10000",
         "-g", f"-I{directory / 'include'}", Path(__file__).with_name("plain.S"), "-o", elf],
        check=True,
    )  # fmt: skip
    return elf


def machine_for(program: Path, mmu: str) -> Machine:
    with program.open("rb") as stream:
        image = load_elf(stream, program.name)
    return Machine(image, ScriptedWorld(), Options(ram=4 << 20, mmu=mmu, check=True), calls=PLAIN)


def traced(program: Path, mmu: str, format_: str, out: Path) -> str:
    machine = machine_for(program, mmu)
    asked = TraceOptions(("syscall", "map", "ipc"), out=str(out), format=format_)
    end = begin_trace(machine, asked, open_files(str(program)), print)
    assert machine.run().status == 0
    end()
    return out.read_text()


@pytest.mark.parametrize("mmu", BACKENDS)
def test_a_trace_names_the_error_although_the_program_gets_minus_one(
    program: Path, mmu: str, tmp_path: Path
) -> None:
    text = traced(program, mmu, "text", tmp_path / "text")
    found = re.findall(
        r"^\[0\] #\d+ (?:@\d+ )?(?:<\.\.\. )?(\w+).* = E_(\w+) \(", text, re.MULTILINE
    )
    assert found == ERRORS
    assert "= E_PEER_DIED (process 1 exited with 7)\n" in text
    assert "<... send resumed> ) = E_PEER_DIED (" in text
    assert f"call_99() = {0x92345678}\n" in text
    assert "frame_map(va=0xef100000, F_MAP_READ|F_MAP_WRITE|F_MAP_PAGE|F_MAP_NOEXEC, f_id=6" in text
    lines = map(json.loads, traced(program, mmu, "jsonl", tmp_path / "jsonl").splitlines())
    failed = [line for line in lines if line.get("error")]
    assert [(line["name"], line["error"]) for line in failed] == [
        (name, f"E_{error}") for name, error in ERRORS
    ]
    assert {line["result"] for line in failed} == {-1}


@pytest.mark.parametrize("mmu", BACKENDS)
def test_the_api_and_the_history_name_it_too(program: Path, mmu: str) -> None:
    machine, calls = machine_for(program, mmu), list[Call]()
    machine.observers.add(Calls(machine, calls.append))
    assert machine.run().status == 0
    at_once = [(call.name, call.error) for call in calls if call.error]
    assert at_once == [one for one, waits in zip(ERRORS, WAITS, strict=True) if not waits]
    assert {call.result for call in calls if call.error} == {-1}
    refused: Any = [(one.entry.call.name, one.error.name) for one in machine.history.refusals]
    assert refused == [one for one in ERRORS if one[0] != "recv"]  # news of an end is no refusal
    assert machine.calls.unknown == 1
