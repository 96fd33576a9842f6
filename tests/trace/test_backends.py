"""Traces of programs of several processes: the same in every way, and messages all told of.

The traces of guest/calls, guest/scenarios and guest/programs are compared where those programs are
run, by tests/agreement.py; here those that have no expected output.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from emu.debuginfo import open_files
from emu.trace.start import TraceOptions, begin_trace
from tests.agreement import CODES, Way, disagreement, ways
from tests.guests import SOURCES, guest
from tests.traced import BACKENDS, machine_for, trace_file, traced

KINDS = "syscall,map,fault,sched,ipc"
BOUND = 5_000_000


def sources(*folders: str) -> list[str]:
    """The programs of these folders, in order."""
    return sorted(
        f"{folder}/{path.stem}" for folder in folders for path in (SOURCES / folder).glob("*.c")
    )


MISTAKES = [*sources("mistakes"), "scenarios/deadlock", "programs/args"]
GUESTS = [
    f"{name}{code}"
    for name in sources("calls", "scenarios", "mistakes", "programs")
    for code in CODES
]


@pytest.mark.parametrize(("name", "ways"), ways(MISTAKES).items(), ids=MISTAKES)
def test_every_way_is_the_same(name: str, ways: list[Way]) -> None:
    finding, _ = disagreement(guest(name), ways)
    assert finding is None, finding.text


@pytest.mark.parametrize(
    "name",
    ["newlib/hello.thumb-soft", *(pytest.param(one, marks=pytest.mark.long) for one in GUESTS)],
)
def test_a_trace_is_the_same_on_every_backend(name: str) -> None:
    """Of the longest programs the first part."""
    tlb, map_, cpu = (traced(guest(name), KINDS, mmu, max_insns=BOUND) for mmu in BACKENDS)
    assert tlb.count("\n") >= 3
    assert tlb == map_
    assert tlb == cpu


@pytest.mark.parametrize("name", ["scenarios/server", "scenarios/ring", "scenarios/siblings.arm"])
def test_every_message_is_told_of_once(name: str, tmp_path: Path) -> None:
    machine, out = machine_for(guest(name)), tmp_path / "trace"
    asked = TraceOptions(("ipc",), out=str(out), format="jsonl")
    end = begin_trace(machine, asked, open_files(str(guest(name))), print)
    machine.run()
    end()
    found = [json.loads(line) for line in out.read_text().splitlines()[1:]]
    messages = [item for item in found if item["sort"] != "start message"]
    proc0 = machine.kernel.processes[0]
    assert proc0.sent == sum(item["pid"] == 0 for item in messages) > 0
    assert proc0.received == sum(item["to"] == 0 for item in messages)
    started = {item["to"] for item in found if item["sort"] == "start message"}
    assert started == set(range(1, len(started) + 1))


@pytest.mark.parametrize("name", ["scenarios/server", "scenarios/preempt.arm"])
def test_the_blocks_of_each_process_are_those_of_its_turns(name: str) -> None:
    """Between two turns only the process that got the first executes."""
    running, executed = "", set()
    with trace_file(guest(name), "sched,block", max_insns=BOUND) as out, out.open() as lines:
        for line in lines:  # together they would take hundreds of MB
            pid, what = re.sub(r" [#@]\d+", "", line).split(" ", 1)
            if what.startswith(("+++ starts", "+++ runs")):
                running = pid
            elif what.startswith("block"):
                assert pid == running, line
                executed.add(pid)
    assert executed >= {"[0]", "[1]", "[2]"}


def test_a_trace_is_the_same_every_time() -> None:
    program = guest("scenarios/preempt")
    assert traced(program, KINDS) == traced(program, KINDS)
