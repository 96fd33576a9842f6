"""Each access to a device is made once, whenever a run is stopped in it; in Unicorn's place, us."""

import pytest

from emu.cpu.device_accesses import DeviceAccesses

PC, ELSEWHERE = 0x8000, 0x9000


class Control:
    """What a ``RunControl`` is to accesses."""

    def __init__(self):
        self.requested = self.leaving = False
        self.accesses = 0
        self.left = 0
        self.errors = []

    def leave(self):
        self.leaving = True
        self.left += 1

    def fail(self, error):
        self.errors.append(error)
        self.leaving = True


class Core:
    """A device that counts what it is asked, and the callbacks for it."""

    def __init__(self):
        self.control = Control()
        self.accesses = DeviceAccesses(self.control)
        self.asked = []
        self.on_read = self.accesses.reading(self._read)
        self.on_write = self.accesses.writing(self._write)
        self.interrupt = None

    def _read(self, *place):
        self._asked(place)
        return len(self.asked)

    def _write(self, *place):
        self._asked(place)

    def _asked(self, place):
        self.asked.append(place)
        if self.interrupt is not None:
            setattr(self.control, self.interrupt, True)

    def read(self, offset=4):
        return self.on_read(None, offset, 4, None)

    def write(self, value, offset=4):
        self.on_write(None, offset, 4, value, None)

    def stopped(self, pc=PC):
        """The run was stopped, and the next begins where it was."""
        self.accesses.end(pc)
        self.interrupt = None
        self.control.requested = self.control.leaving = False
        self.accesses.begin(PC)


@pytest.fixture
def core():
    return Core()


def test_each_access_is_made_and_counted(core):
    assert [core.read(), core.read()] == [1, 2]
    core.write(7)
    core.write(7)
    assert core.asked == [(4, 4), (4, 4), (4, 4, 7), (4, 4, 7)]
    assert (core.control.accesses, core.control.left, core.accesses.made) == (4, 0, None)


@pytest.mark.parametrize("how", ["requested", "leaving"])
def test_a_load_that_a_run_is_stopped_in_is_made_once(core, how):
    core.interrupt = how
    assert core.read() == 1
    assert core.control.left == 1
    core.stopped()
    assert core.read() == 1, "what it gave before"
    assert core.read() == 2
    assert len(core.asked) == 2


@pytest.mark.parametrize("how", ["requested", "leaving"])
def test_a_store_that_a_run_is_stopped_in_is_made_once(core, how):
    core.interrupt = how
    core.write(7)
    assert core.control.left == 1
    core.stopped()
    core.write(7)
    assert core.asked == [(4, 4, 7)]
    core.write(7)
    assert core.asked == [(4, 4, 7)] * 2


def test_another_access_is_not_that_one(core):
    core.interrupt = "requested"
    core.write(7)
    core.stopped()
    core.write(8)
    core.interrupt = "requested"
    core.read()
    core.stopped()
    core.read(offset=8)
    assert core.asked == [(4, 4, 7), (4, 4, 8), (4, 4), (8, 4)]


def test_elsewhere_nothing_is_made_again(core):
    core.interrupt = "requested"
    core.write(7)
    core.stopped(ELSEWHERE)
    core.write(7)
    assert len(core.asked) == 2


def test_with_other_registers_nothing_is_made_again(core):
    core.interrupt = "requested"
    core.write(7)
    core.stopped()
    core.accesses.forget()
    core.write(7)
    assert len(core.asked) == 2


@pytest.mark.parametrize("store", [False, True], ids=["load", "store"])
def test_what_a_device_raises_ends_the_run_and_the_access_is_made_again(store):
    core = Core()
    error = OSError()

    def broken(*_place):
        core.asked.append(())
        raise error

    for _ in range(2):
        if store:
            core.accesses.writing(broken)(None, 4, 4, 7, None)
        else:
            assert core.accesses.reading(broken)(None, 4, 4, None) == 0
        core.stopped()
    assert core.control.errors == [error, error]
    assert len(core.asked) == 2
