"""What the kernel tells reaches every observer: all of it, in order, within its entry."""

from __future__ import annotations

from typing import Any, Final

import pytest

from emu.environment.world import ScriptedWorld
from emu.loader import load_elf
from emu.machine import Machine, Options
from emu.machine.fault import MachineFault
from emu.machine.history import EVENTS_KEPT, KEPT_EVENTS
from emu.machine.observers import OF_KERNEL, Observer
from kernel_model.events import Event, FrameMade, MemoryWritten, ProcessEnded
from tests.guests import guest

PROGRAMS: Final = ("calls/frame_merge", "scenarios/cousins", "calls/vspace_lend")
"""In which all kinds of events occur but FrameMade, which is the boot's."""


def machine_for(name: str, mmu: str = "tlb") -> Machine:
    path = guest(name)
    with path.open("rb") as stream:
        image = load_elf(stream, path.name)
    return Machine(image, ScriptedWorld(arguments=(path.name,)), Options(ram=16 << 20, mmu=mmu))


class Recorder(Observer):
    """Keeps each event of the kernel's with the method that it came to, and what is around it."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []
        self.order: list[str] = []

    def calling(self, *_: Any) -> None:
        self.order.append("calling")

    def called(self, *_: Any) -> None:
        self.order.append("called")

    def faulted(self, core: Any, fault: MachineFault) -> None:
        self.order.append("fault")

    def loading(self, *_: Any) -> None:
        self.order.append("loading")

    def keep(self, name: str, event: Event) -> None:
        self.events.append((name, event))
        self.order.append("event")


for _name in OF_KERNEL.values():
    setattr(Recorder, _name, lambda self, event, name=_name: self.keep(name, event))


def told_to(machine: Machine) -> list[Event]:
    """What the kernel tells from now on, heard where it is said."""
    heard: list[Event] = []
    tell, tell_written = machine.kernel.tell, machine.kernel.tell_written

    def tell_both(event: Event) -> None:
        heard.append(event)
        tell(event)

    def tell_both_written(pa: int, length: int) -> None:
        heard.append(MemoryWritten(pa, length))
        tell_written(pa, length)

    machine.kernel.tell = machine.kernel.editor.tell = tell_both
    machine.kernel.tell_written = tell_both_written
    return heard


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_observer_hears_each_event_by_its_own_method_and_in_order(name: str, mmu: str) -> None:
    machine, recorder = machine_for(name, mmu), Recorder()
    machine.observers.add(recorder)
    heard = told_to(machine)
    assert machine.run().status == 0
    assert heard
    assert recorder.events == [(OF_KERNEL[type(event)], event) for event in heard]


def test_every_kind_of_event_occurs_there() -> None:
    found: set[type[Event]] = set()
    for name in (*PROGRAMS, "calls/thread_pointer"):
        machine = machine_for(name)
        heard = told_to(machine)
        machine.run()
        found |= {type(event) for event in heard}
    assert found == OF_KERNEL.keys() - {FrameMade}


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_event_is_told_within_the_entry_that_brings_it_about(name: str) -> None:
    """Between the beginning of a call and its end, or after a fault before anybody runs on."""
    machine, recorder = machine_for(name), Recorder()
    machine.observers.add(recorder)
    machine.run()
    within = False
    for what in recorder.order:
        if what == "event":
            assert within
        else:
            within = what in ("calling", "fault")


def test_who_wants_one_kind_hears_that_kind_alone() -> None:
    class Ends(Observer):
        def __init__(self) -> None:
            self.seen: list[ProcessEnded] = []

        def process_ended(self, event: ProcessEnded) -> None:
            self.seen.append(event)

    machine, ends, every = machine_for("scenarios/cousins"), Ends(), Recorder()
    machine.observers.add(ends)
    assert machine.observers.of_kernel.keys() == {ProcessEnded}
    machine.observers.add(every)
    machine.run()
    assert ends.seen == [event for _, event in every.events if isinstance(event, ProcessEnded)]
    assert len(ends.seen) > 2
    machine.observers.remove(ends)
    machine.observers.remove(every)
    assert machine.observers.of_kernel == {}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_is_heard_after_a_restore(name: str) -> None:
    """By an observer that was there before, and by one of another machine."""
    machine, recorder = machine_for(name), Recorder()
    machine.run_to_call(100)
    before = machine.snapshot()
    machine.observers.add(recorder)
    machine.run()
    first = [*recorder.events]
    assert first
    machine.restore(before)
    machine.run()
    assert recorder.events[len(first) :] == first
    other, again = machine_for("programs/hello"), Recorder()
    other.observers.add(again)
    other.restore(before)
    assert again.events == [], "to become another machine is no event of the kernel's"
    other.run()
    assert again.events == first


def test_the_history_keeps_events_with_the_entry_that_brought_them_about() -> None:
    machine = machine_for("calls/vspace_lend")
    heard: list[tuple[int, Event]] = []
    tell = machine.kernel.tell

    def tell_both(event: Event) -> None:
        heard.append((machine.history.now.number, event))
        tell(event)

    kept = len(machine.history.events)
    machine.kernel.tell = machine.kernel.editor.tell = tell_both
    machine.run()
    wanted = [one for one in heard if isinstance(one[1], KEPT_EVENTS)]
    assert len(wanted) < EVENTS_KEPT
    found = [(entry.number, event) for entry, event in machine.history.events]
    assert found[kept:] == wanted
