"""One object carries every event: to whom, in which order, and at no cost where nobody watches."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from emu.environment.world import ScriptedWorld
from emu.machine import How, Machine, Options
from emu.machine.core import Core
from emu.machine.observers import Observer, Observers, Words
from kernel_model.call import CallRow, CallTable
from kernel_model.descriptors import EXEC, READ
from kernel_model.image import Image, Segment
from kernel_model.process import Process
from kernel_model.syscalls import CALLS
from tests.debug.rig import machine_for
from tests.guests import guest

EVENTS = [name for name, value in vars(Observer).items() if callable(value) and name[0] != "_"]


class Late(Observer):
    rank: ClassVar[int] = 1


class Names(Late):
    """Notes the names of calls, and that the run is over."""

    def __init__(self, told: list[str]) -> None:
        self.told = told

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        self.told.append(f"called {call.name}")


class Early(Observer):
    """Notes what is about to be called."""

    def __init__(self, told: list[str]) -> None:
        self.told = told

    def calling(self, core: Core, process: Process, call: CallRow, words: Words) -> None:
        self.told.append(f"calling {call.name}")

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:
        self.told.append(f"early {call.name}")


@pytest.mark.parametrize("event", EVENTS)
def test_who_does_not_want_an_event_is_not_told(event: str) -> None:
    observers = Observers()
    observers.add(Observer())
    assert getattr(observers, event) == ()
    wanting = type("Wanting", (Observer,), {event: lambda self, *_: None})()
    observers.add(wanting)
    assert getattr(observers, event) == (getattr(wanting, event),)
    assert all(getattr(observers, other) == () for other in EVENTS if other != event)
    observers.remove(wanting)
    assert getattr(observers, event) == ()


def test_those_of_a_lower_rank_are_told_first_whenever_they_came() -> None:
    told: list[str] = []
    machine = machine_for(guest("programs/exit_status"))
    machine.observers.add(Names(told))
    machine.observers.add(Early(told))
    machine.run()
    assert told[-3:] == ["calling exit", "early exit", "called exit"]


def test_an_observer_that_leaves_hears_no_more() -> None:
    told: list[str] = []
    machine = machine_for(guest("programs/hello"))
    names = Names(told)
    machine.observers.add(names)
    machine.run_to_call(3)
    assert len(told) == 3
    machine.observers.remove(names)
    machine.run()
    assert len(told) == 3


def test_observers_get_the_call_of_whatever_number() -> None:
    """Also where there is none: its name says which number it was."""
    words = (0xE3A0C063, 0xEF000000, 0xE3A0C012, 0xEF000000)  # mov r12,#99; svc; mov r12,#18; svc
    told: list[str] = []
    machine = Machine(image(words), ScriptedWorld(), Options(ram=4 << 20))
    machine.observers.add(Names(told))
    machine.run()
    assert told == ["called call_99", "called exit"]
    assert (machine.calls.unknown, machine.calls.total) == (1, 2)


def image(words: tuple[int, ...]) -> Image:
    code = b"".join(word.to_bytes(4, "little") for word in words)
    return Image((Segment(0x10000, len(code), code, READ | EXEC),), 0x10000)


def test_another_convention_is_another_table() -> None:
    """The same handlers under other numbers: counted, watched and remembered by their names."""
    other = CallTable([call._replace(number=call.number + 100) for call in CALLS])
    words = (0xE3A0006F, 0xE3A0C065, 0xE3A0002A, 0xE3A0C076, 0xEF000000)
    # mov r0,#111; mov r12,#101; mov r0,#42; mov r12,#118: exit; svc
    told: list[str] = []
    options = Options(ram=4 << 20, check=True)
    machine = Machine(image(words), ScriptedWorld(), options, calls=other)
    machine.observers.add(Names(told))
    outcome: Any = machine.run()
    assert outcome == (How.EXITED, 42)
    assert told == ["called exit"]
    assert machine.calls.by_number[118] == 1
    assert machine.history.calls[-1][0].call.name == "exit"
