"""Stops that are asked for from outside: said again until heard, and not in an access twice."""

import pytest

from emu.cpu.run_control import RunControl
from emu.cpu.stop import Stop


class Told:
    """In the place of Unicorn and of the counter: how often they were told to stop."""

    def __init__(self):
        self.stops = self.exhausted = 0

    def stop(self):
        self.stops += 1

    def exhaust(self):
        self.exhausted += 1


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def control(told):
    made = RunControl(told, told)
    made.begin()
    return made


def test_a_request_stops_at_once(control, told):
    control.request()
    assert (told.stops, told.exhausted, control.leaving) == (1, 1, True)
    control.request()
    assert told.stops == 2, "it may have been lost"


def test_a_request_while_devices_are_accessed_waits_for_the_access_to_say_so(control, told):
    control.accesses += 1
    control.request()
    assert (told.stops, control.requested) == (0, True)
    control.accesses += 1
    control.request()
    assert told.stops == 0
    control.request()
    assert told.stops == 1, "no access since the last time"


def test_a_request_is_heard_once(control):
    assert not control.take_request()
    control.request()
    assert control.take_request()
    assert not control.leaving, "the next run is not left"
    assert not control.take_request()


def test_who_leaves_for_a_reason_of_its_own_still_leaves(control):
    control.end(Stop.BREAKPOINT)
    assert not control.take_request()
    assert (control.reason, control.leaving, control.running) == (Stop.BREAKPOINT, True, True)
    control.over()
    assert (control.leaving, control.running) == (False, False)
    control.begin()
    assert (control.reason, control.error) == (None, None)


def test_the_first_error_is_the_one_that_is_raised(control, told):
    first, second = KeyError(1), KeyError(2)
    control.fail(first)
    control.fail(second)
    assert told.stops == 2
    with pytest.raises(KeyError) as raised:
        control.raise_error()
    assert raised.value is first
    control.raise_error()
