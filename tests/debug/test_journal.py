"""The journal: what it keeps, and that it is bounded."""

from __future__ import annotations

import pytest

from emu.machine import Machine
from emu.machine.history import BOOT, CALLS_KEPT, SEMIHOSTING, Act, Journal
from emu.machine.observers import Observer, Registers, observe
from emu.report.history import frame_history, how_it_ended
from kernel_model.abi import Error
from kernel_model.process import Process
from kernel_model.syscalls import CALLS
from tests.debug.rig import context_now, debug_for, machine_for
from tests.guests import guest

CHANGING = {
    "proc_new", "frame_split", "frame_merge", "frame_give", "frame_map", "frame_unmap",
    "frame_create", "frame_table", "vspace_swap", "frame_pool", "exit",
}  # fmt: skip
"""The calls that change frames, tables or processes."""


class Record(Observer):
    """Every call of a run, as the journal would have it if it kept all.

    calls: (act, result) of those that were not refused.  refused: the others' acts.
    """

    def __init__(self, machine: Machine) -> None:
        self.kernel = machine.kernel
        self.count = 0
        self.calls: list[tuple[Act, int | None]] = []
        self.refused: list[Act] = []
        self._registers: Registers = (0, 0, 0, 0)
        observe(machine, self)

    def calling(self, process: Process, number: int, registers: Registers) -> None:
        self.count += 1
        self._registers = registers

    def called(self, process: Process, number: int, result: int | None) -> None:
        act = (self.count, process.pid, number, *self._registers)
        if self.kernel.refusal is not None:
            self.refused.append(act)
        else:
            self.calls.append((act, result))


def name_of(act: Act) -> str:
    return CALLS.find(act[2]).name


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
    record, journal = Record(machine), machine.host.journal
    machine.run()
    made = {name_of(act) for act, _ in record.calls}
    assert made & CHANGING >= kept
    assert made - CHANGING >= left_out
    assert list(journal.calls) == [one for one in record.calls if name_of(one[0]) in CHANGING]
    assert journal.count == record.count == sum(machine.svc.calls)


@pytest.mark.parametrize(
    ("program", "name"),
    [("calls/frame_give", "frame_give"), ("calls/frame_unmap", "frame_unmap"),
     ("calls/vspace_swap", "vspace_swap")],
)  # fmt: skip
def test_refused_calls_are_kept_apart(program: str, name: str) -> None:
    machine = machine_for(guest(program))
    record, journal = Record(machine), machine.host.journal
    machine.run()
    assert name in {name_of(act) for act in record.refused}
    assert not {act for act, _ in journal.calls} & set(record.refused)
    assert [act for act, *_ in journal.refusals if act in record.refused] == record.refused


def test_a_call_that_fails_after_waiting_is_among_the_refused() -> None:
    machine = machine_for(guest("mistakes/dead_peer"))
    record, journal = Record(machine), machine.host.journal
    machine.run()
    late = [(act, error) for act, error, _ in journal.refusals if act not in record.refused]
    assert [(name_of(act), error) for act, error in late] == [("send", Error.PEER_DIED)]
    assert (late[0][0], None) in record.calls


def test_what_the_boot_mapped_is_kept_as_its_doing() -> None:
    machine = machine_for(guest("programs/hello"))
    assert machine.host.journal.entries
    assert not machine.host.journal.calls
    assert all(entry[0][2] == BOOT for entry in machine.host.journal.entries)


def test_what_semihosting_mapped_is_kept_as_its_doing() -> None:
    machine = machine_for(guest("newlib/hello.arm-soft"))
    machine.run()
    assert machine.host.journal.entries[-1][0][2] == SEMIHOSTING


def test_it_is_bounded() -> None:
    journal = Journal()
    for number in range(CALLS_KEPT + 10):
        journal.calls.append(((number, 0, 3, 0, 0, 0, 0), 1))
    assert len(journal.calls) == CALLS_KEPT
    assert journal.calls[0][0][0] == 10


def test_how_processes_ended() -> None:
    machine = machine_for(guest("mistakes/dead_peer"))
    machine.run()
    text = how_it_ended(machine.host.journal, 1)
    assert text is not None
    assert text.startswith("called exit(1), call ")
    assert how_it_ended(machine.host.journal, 77) is None


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
