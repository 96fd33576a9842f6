"""The history: what it keeps, and that it is bounded."""

from __future__ import annotations

import pytest

from emu.machine import Machine
from emu.machine.core import Core
from emu.machine.history import BOOT, CALLS_KEPT, SEMIHOSTING, History, KernelEntry
from emu.machine.observers import Observer, Words
from emu.report.history import frame_history, how_it_ended
from kernel_model.abi import Error
from kernel_model.call import CallRow
from kernel_model.process import Process
from tests.debug.rig import context_now, debug_for, machine_for
from tests.guests import guest

CHANGING = {
    "proc_new", "frame_split", "frame_merge", "frame_give", "frame_map", "frame_unmap",
    "frame_create", "frame_table", "vspace_swap", "frame_pool", "exit",
}  # fmt: skip
"""The calls that change frames, tables or processes."""


class Record(Observer):
    """Every call of a run, as the history would have it if it kept all.

    calls: (entry, result) of those that were not refused.  refused: the others' acts.
    """

    def __init__(self, machine: Machine) -> None:
        self.kernel = machine.kernel
        self.count = 0
        self.calls: list[tuple[KernelEntry, int | None]] = []
        self.refused: list[KernelEntry] = []
        self._words: Words = (0, 0, 0, 0)
        machine.observers.add(self)

    def calling(self, core: Core, process: Process, call: CallRow, words: Words) -> None:
        self.count += 1
        self._words = words

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        entry = KernelEntry(self.count, process.pid, call, self._words)
        if self.kernel.refusal is not None:
            self.refused.append(entry)
        else:
            self.calls.append((entry, result))


def name_of(entry: KernelEntry) -> str:
    return entry.call.name


@pytest.mark.parametrize(
    ("program", "kept", "left_out"),
    [
        ("mistakes/use_after_give",
         {"frame_split", "frame_map", "frame_table", "proc_new", "frame_give"},
         {"frame_info", "frame_lookup", "vspace_id", "send"}),
        ("scenarios/move_vspace", {"vspace_swap", "exit"}, {"recv", "frame_count"}),
        ("calls/frame_merge", {"frame_merge"}, {"console_write"}),
        ("calls/frame_unmap", {"frame_unmap"}, set()),
        ("calls/frame_pool", {"frame_pool"}, set()),
        ("calls/frame_allow", {"frame_give"}, {"frame_allow"}),
        ("calls/convention", {"exit"}, {"yield", "frame_count"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_calls_that_change_something_are_kept_in_order(
    program: str, kept: set[str], left_out: set[str]
) -> None:
    """All of them and no others; the guest makes calls of both kinds."""
    machine = machine_for(guest(program))
    record, history = Record(machine), machine.history
    machine.run()
    made = {name_of(entry) for entry, _ in record.calls}
    assert made & CHANGING >= kept
    assert made - CHANGING >= left_out
    assert list(history.calls) == [one for one in record.calls if name_of(one[0]) in CHANGING]
    assert history.made == record.count == machine.calls.total


@pytest.mark.parametrize(
    ("program", "name"),
    [("calls/frame_give", "frame_give"), ("calls/frame_unmap", "frame_unmap"),
     ("calls/vspace_swap", "vspace_swap")],
)  # fmt: skip
def test_refused_calls_are_kept_apart(program: str, name: str) -> None:
    machine = machine_for(guest(program))
    record, history = Record(machine), machine.history
    machine.run()
    assert name in {name_of(entry) for entry in record.refused}
    assert not {entry for entry, _ in history.calls} & set(record.refused)
    assert [entry for entry, *_ in history.refusals if entry in record.refused] == record.refused


def test_a_call_that_fails_after_waiting_is_among_the_refused() -> None:
    machine = machine_for(guest("mistakes/dead_peer"))
    record, history = Record(machine), machine.history
    machine.run()
    late = [(entry, error) for entry, error, _ in history.refusals if entry not in record.refused]
    assert [(name_of(entry), error) for entry, error in late] == [("send", Error.PEER_DIED)]
    assert (late[0][0], None) in record.calls


def test_what_the_boot_mapped_is_kept_as_its_doing() -> None:
    machine = machine_for(guest("programs/hello"))
    assert machine.history.written
    assert not machine.history.calls
    assert all(entry.entry.call is BOOT for entry in machine.history.written)


def test_what_semihosting_mapped_is_kept_as_its_doing() -> None:
    machine = machine_for(guest("newlib/hello.arm-soft"))
    machine.run()
    assert machine.history.written[-1].entry.call is SEMIHOSTING


def test_it_is_bounded() -> None:
    history = History()
    for number in range(CALLS_KEPT + 10):
        history.calls.append((KernelEntry(number, 0, BOOT), 1))
    assert len(history.calls) == CALLS_KEPT
    assert history.calls[0][0][0] == 10


def test_how_processes_ended() -> None:
    machine = machine_for(guest("mistakes/dead_peer"))
    machine.run()
    text = how_it_ended(machine.history, 1)
    assert text is not None
    assert text.startswith("called exit(1), call ")
    assert how_it_ended(machine.history, 77) is None


def test_history_of_a_frame() -> None:
    path = guest("mistakes/use_after_unmap")
    lines: list[str] = []

    def on_fault(fault: object) -> None:
        context = context_now(machine, debug_for(path))
        frame = max(context.kernel.frames.values(), key=lambda frame: frame.f_id)
        lines.extend(frame_history(context, frame))

    machine = machine_for(path, on_fault)
    machine.run()
    calls = [line.partition(": ")[2].partition("(")[0] for line in lines]
    assert calls == ["frame_split", "frame_map", "frame_unmap"]
    assert all(", process 0: " in line for line in lines)
