"""The journal: what it keeps, and that it is bounded."""

from __future__ import annotations

from emu.machine.history import BOOT, CALLS_KEPT, SEMIHOSTING, TELLING, Journal
from emu.report.history import frame_history, how_it_ended
from kernel_model.syscalls import CALLS
from tests.debug.rig import context_now, debug_for, machine_for
from tests.guests import guest


def test_calls_that_change_something_are_kept_in_order() -> None:
    machine = machine_for(guest("mistakes/use_after_give"))
    machine.run()
    journal = machine.host.journal
    numbers = [act[0] for act, _ in journal.calls]
    assert numbers == sorted(set(numbers))
    assert {act[2] for act, _ in journal.calls} <= TELLING
    assert journal.count == sum(machine.svc.calls)
    named = {CALLS.find(act[2]).name for act, _ in journal.calls}
    assert named == {"frame_split", "frame_map", "frame_table", "proc_new", "frame_give"}


def test_what_the_boot_mapped_is_kept_as_its_doing() -> None:
    machine = machine_for(guest("programs/hello"))
    assert machine.host.journal.entries
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
