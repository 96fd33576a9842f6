"""Where Unicorn keeps what it does not tell: found by experiment, in the Unicorn that is loaded."""

import ctypes

import pytest

from emu.cpu import layout as layout_module
from emu.cpu.binding import Unicorn
from emu.cpu.layout import layout, thumb_bit
from emu.cpu.registers import THUMB_BIT, USER_MODE, Registers


def test_every_place_is_found():
    """Without one a report names the page only, or a snapshot loses what the monitor remembers."""
    assert None not in layout()


def test_the_places_are_apart():
    refused, abort, exclusive = layout()
    assert refused % 4 == abort % 4 == exclusive % 4 == 0
    assert abs(abort - exclusive) >= 8


def test_the_thumb_bit_is_that_of_each_core():
    cores = [Unicorn(), Unicorn()]
    registers = [Registers(core.uc) for core in cores]
    assert thumb_bit(Unicorn()) == 0, "it has no state yet"
    for one in registers:
        one.write("cpsr", USER_MODE)
    places = [thumb_bit(core) for core in cores]
    if not places[0]:
        pytest.skip("this host does not let a process read its own memory")
    assert places[0] != places[1]
    for state in (0, THUMB_BIT, 0):
        registers[0].write("cpsr", USER_MODE | state)
        registers[1].write("cpsr", USER_MODE | (state ^ THUMB_BIT))
        shown = [ctypes.c_uint8.from_address(place).value for place in places]
        assert shown == [state != 0, state == 0]


def test_memory_that_is_not_there_is_not_read():
    assert layout_module._own_memory(8, 4) == b""
    assert layout_module._own_memory(1 << 70, 4) == b""
