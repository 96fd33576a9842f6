"""Stops that are asked for from outside: said again until heard, and not in an access twice."""

import pytest

from emu.cpu.stop import Ending, Stop


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
def ending(told):
    made = Ending(told, told)
    made.begin()
    return made


def test_a_request_stops_at_once(ending, told):
    ending.request()
    assert (told.stops, told.exhausted, ending.leaving) == (1, 1, True)
    ending.request()
    assert told.stops == 2, "it may have been lost"


def test_a_request_while_devices_are_accessed_waits_for_the_access_to_say_so(ending, told):
    ending.accesses += 1
    ending.request()
    assert (told.stops, ending.requested) == (0, True)
    ending.accesses += 1
    ending.request()
    assert told.stops == 0
    ending.request()
    assert told.stops == 1, "no access since the last time"


def test_a_request_is_heard_once(ending):
    assert not ending.take_request()
    ending.request()
    assert ending.take_request()
    assert not ending.leaving, "the next run is not left"
    assert not ending.take_request()


def test_who_leaves_for_a_reason_of_its_own_still_leaves(ending):
    ending.end(Stop.BREAKPOINT)
    assert not ending.take_request()
    assert (ending.reason, ending.leaving, ending.running) == (Stop.BREAKPOINT, True, True)
    ending.over()
    assert (ending.leaving, ending.running) == (False, False)
    ending.begin()
    assert (ending.reason, ending.error) == (None, None)


def test_the_first_error_is_the_one_that_is_raised(ending, told):
    first, second = KeyError(1), KeyError(2)
    ending.fail(first)
    ending.fail(second)
    assert told.stops == 2
    with pytest.raises(KeyError) as raised:
        ending.raise_error()
    assert raised.value is first
    ending.raise_error()
