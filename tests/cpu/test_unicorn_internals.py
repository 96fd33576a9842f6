"""Where Unicorn keeps what it does not tell: found by experiment, in the Unicorn that is loaded."""

import ctypes

import pytest

from emu.cpu import unicorn_internals
from emu.cpu.binding import Unicorn
from emu.cpu.registers import IT_STATE, THUMB_BIT, USER_MODE, Registers
from emu.cpu.unicorn_internals import internals, thumb_bit


def test_every_place_is_found():
    """Without one a report names the page only, or a snapshot loses what the monitor remembers."""
    assert None not in internals()


def test_the_places_are_apart():
    refused, abort, exclusive = internals()
    assert refused % 4 == abort % 4 == exclusive % 4 == 0
    assert abs(abort - exclusive) >= 8


@pytest.fixture
def cores():
    found = [Unicorn(), Unicorn()]
    if not thumb_bit(found[0]):
        pytest.skip("this host does not let a process read its own memory")
    return found


def test_the_thumb_bit_is_that_of_each_core(cores):
    registers = [Registers(core.uc) for core in cores]
    places = [thumb_bit(core) for core in cores]
    assert places[0] != places[1]
    for state in (0, THUMB_BIT, 0):
        registers[0].write("cpsr", USER_MODE | state)
        registers[1].write("cpsr", USER_MODE | (state ^ THUMB_BIT))
        shown = [ctypes.c_uint8.from_address(place).value for place in places]
        assert shown == [state != 0, state == 0]


def test_to_look_for_the_thumb_bit_leaves_the_state_alone(cores):
    registers = Registers(cores[0].uc)
    for state in (0, THUMB_BIT, IT_STATE | THUMB_BIT):
        registers.write("cpsr", 0xF000_0000 | USER_MODE | state)
        assert thumb_bit(cores[0])
        assert registers.read("cpsr") == 0xF000_0000 | USER_MODE | state


def test_a_pointer_to_near_one_cores_registers_is_not_that_of_all(cores, monkeypatch):
    """As what is in the heap before one core may be, and elsewhere in the next one's."""
    right = thumb_bit(cores[0])
    (place,) = (p for p in unicorn_internals._thumb_bits() if p.address(cores[0]) == right)
    by_chance = place._replace(pointer=place.pointer + 8)
    monkeypatch.setattr(unicorn_internals, "_thumb_bits", lambda: (by_chance, place))
    assert by_chance.address(cores[0]) != right
    assert thumb_bit(cores[0]) == right
    monkeypatch.setattr(unicorn_internals, "_thumb_bits", lambda: (by_chance,))
    assert thumb_bit(cores[0]) == 0


def test_memory_that_is_not_there_is_not_read():
    assert unicorn_internals._own_memory(8, 4) == b""
    assert unicorn_internals._own_memory(1 << 70, 4) == b""
