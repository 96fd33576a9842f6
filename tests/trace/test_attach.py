"""What records a run: told of every end, and its files written where and when they should be."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from emu.debuginfo import open_files
from emu.execution.attach import attach
from emu.execution.code import Code
from emu.execution.resultfile import ResultFile
from emu.trace.events import Turn, TurnEvent
from emu.trace.filters import Filter
from emu.trace.output import Output
from emu.trace.recorder import Recorder
from emu.trace.start import TraceOptions, begin_trace
from emu.trace.text import TextFormat
from kernel_model.handlers import HANDLERS
from kernel_model.operations import Operation
from kernel_model.process import Start
from tests.guests import guest
from tests.kernel.driver import CODE_VA, DATA_VA, PAGE
from tests.machine.rig import Guest, assemble
from tests.traced import machine_for


def test_each_observer_is_told_of_the_end_before_all_is_finished() -> None:
    told: list[str] = []

    class Observers:
        def add(self, observer: Any) -> None:
            told.append(f"add {observer.name}")

        def remove(self, observer: Any) -> None:
            told.append(f"remove {observer.name}")

    def observer(name: str) -> Any:
        return SimpleNamespace(name=name, finish=lambda: told.append(f"finish {name}"))

    machine: Any = SimpleNamespace(observers=Observers())
    end = attach(machine, [observer("a"), observer("b")], lambda: told.append("finished"))
    assert told == ["add a", "add b"]
    end()
    assert told[2:] == ["remove a", "finish a", "remove b", "finish b", "finished"]


def test_a_result_goes_into_a_pipe_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    file = ResultFile(str(pipe), "result", pytest.fail)
    file.write(lambda: b"all of it")
    reader.join()
    assert got == [b"all of it"]
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize(("format_", "counted"), [("text", False), ("jsonl", True)])
def test_only_formats_with_times_count_instructions(
    format_: str, counted: bool, tmp_path: Path
) -> None:
    path = guest("programs/hello")
    machine = machine_for(path)
    asked = TraceOptions(("syscall",), out=str(tmp_path / "out"), format=format_)
    end = begin_trace(machine, asked, open_files(str(path)), pytest.fail)
    assert machine.cores[0].engine.hooks.counting is counted
    machine.run()
    end()
    assert bool(machine.instructions) is counted


def test_what_others_read_along_is_written_at_once() -> None:
    path = guest("programs/hello")
    machine = machine_for(path)
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    output = Output(writer, "shared", shared=True)
    code = Code.of(machine, open_files(str(path)))
    recorder = Recorder(machine.sessions, Filter(), TextFormat(), output, code, machine.history)
    recorder.emit(TurnEvent(0, 0, Turn.ENDS, -1, 0x8000, "why"))
    assert b"why" in os.read(reader, 1000)
    for fd in (reader, writer):
        os.close(fd)


NO_FILES: Any = None
ASKING = """
        call    yield
        mov     r0, #1
        set     r1, data
        call    send
1:      call    yield
        b       1b
"""
ANSWERING = """
        set     r0, data
        call    recv
        mov     r0, #0
        set     r1, data
        call    call
        exit    0
"""


def traced_again(kind: str, out: Path, again: int) -> list[str]:
    """What is said of four calls, the first of them once, the others once more each ``again``."""
    guest = Guest(ASKING)
    machine = guest.machine
    guest.load_child(ANSWERING)
    end = begin_trace(machine, TraceOptions((kind,), out=str(out)), NO_FILES, pytest.fail)
    machine.run_to_call(3)
    before = machine.snapshot()
    for left in reversed(range(again + 1)):
        machine.run_to_call(3)
        if left:
            machine.restore(before)
    end()
    return out.read_text().splitlines()


@pytest.mark.parametrize("kind", ["sched", "syscall"])
def test_after_a_restore_a_trace_says_again_what_it_said(kind: str, tmp_path: Path) -> None:
    """A process waits in ``call`` that now waits in ``recv`` again."""
    once = traced_again(kind, tmp_path / "once", 0)
    twice = traced_again(kind, tmp_path / "twice", 1)
    assert twice[: len(once)] == once
    assert twice[len(once) :] == once[2 * len(once) - len(twice) :]
    assert any("recv resumed" in line for line in twice[len(once) :]) == (kind == "syscall")


def test_what_a_restore_undoes_has_not_ended(tmp_path: Path) -> None:
    guest, out = Guest("1: call yield\n b 1b\n"), tmp_path / "trace"
    end = begin_trace(guest.machine, TraceOptions(("sched",), out=str(out)), NO_FILES, pytest.fail)
    before = guest.machine.snapshot()
    guest.load_child("1: call yield\n b 1b\n")
    guest.machine.run_to_call(2)
    guest.machine.restore(before)
    guest.machine.run_to_call(1)
    end()
    assert "starts" in out.read_text()
    assert "ended" not in out.read_text()


FAULTING = "call yield\n call yield\n udf #0\n"
ENDING_ITS_LENDER = """
        set     r0, data
        call    recv
        set     r1, data + 0x100
        mov     r2, #1          @ FAULT_END
        str     r2, [r1]
        bic     r0, r0, #0x40000000
        call    send
        exit    7
"""


def test_a_handler_that_ends_with_its_lender_has_not_exited(tmp_path: Path) -> None:
    """It runs on the vspace of the process that it ends by its answer to a fault."""
    guest, out = Guest("1: call yield\n b 1b\n"), tmp_path / "trace"
    kernel = guest.kernel
    child = guest.load_child(FAULTING)
    lender, record = kernel.processes[child.pid], guest.take(2)
    guest.ok("frame_give", record, child.pid)
    pid = HANDLERS[Operation.PROC_NEW](kernel, lender, record)
    HANDLERS[Operation.VSPACE_LEND](kernel, lender, pid, child.l1)
    HANDLERS[Operation.FAULT_HANDLER](kernel, lender, pid)
    guest.ram.write(kernel.frames[child.code].pa + 0x800, assemble(ENDING_ITS_LENDER))
    kernel.wake(kernel.processes[pid], Start(CODE_VA + 0x800, DATA_VA + PAGE))
    kernel.publish(kernel.processes[pid])
    end = begin_trace(guest.machine, TraceOptions(("sched",), out=str(out)), NO_FILES, pytest.fail)
    guest.machine.run_for(300)
    end()
    assert list(kernel.processes) == [0]
    text = out.read_text()
    assert "exited" not in text
    assert text.count(f"+++ ended by what process {pid} did +++") == 2


def test_the_end_by_a_fault_is_told_once(tmp_path: Path) -> None:
    guest, out = Guest("1: call yield\n b 1b\n"), tmp_path / "trace"
    child = guest.load_child("udf #0")
    end = begin_trace(guest.machine, TraceOptions(("sched",), out=str(out)), NO_FILES, pytest.fail)
    guest.machine.run_to_call(3)
    end()
    assert [line for line in out.read_text().splitlines() if "ed by" in line] == [
        f"[{child.pid}] #1 @2 +++ killed by a fault: undefined instruction +++"
    ]
