"""Rule 13: pointers are checked against the caller's own translation with user rights."""

from __future__ import annotations

import pytest

from kernel_model.abi import KERNEL_VA, WINDOW_VA, Error
from tests.kernel.driver import (
    AREA,
    CODE_VA,
    DATA_VA,
    FREE_VA,
    LOW,
    PAGE,
    RO,
    RW,
    SYS,
    UART,
    Machine,
)

END = DATA_VA + 4 * PAGE


# -- console_write ---------------------------------------------------------------------------


def test_console_write_hands_the_bytes_over(machine):
    machine.poke(DATA_VA, b"hello, world")
    assert machine.ok("console_write", DATA_VA, 12) == 12
    assert machine.host.console == b"hello, world"


def test_console_write_of_read_only_bytes(machine):
    assert machine.ok("console_write", CODE_VA, PAGE) == PAGE
    assert machine.host.console == b"\xfe\xff\xff\xea" + bytes(PAGE - 4)


def test_console_write_across_pages_that_lie_apart(machine):
    """Two frames side by side in va, the wrong way round in pa."""
    first, second = machine.take(), machine.take()
    machine.view(first, FREE_VA, RW)
    machine.view(second, FREE_VA + PAGE, RW)
    machine.poke(FREE_VA + PAGE - 3, b"abcdef")
    machine.ok("console_write", FREE_VA + PAGE - 3, 6)
    assert machine.host.console == b"abcdef"


@pytest.mark.parametrize("pointer", [0, DATA_VA, 0xFFFFFFFF, KERNEL_VA])
def test_nothing_is_written_from_anywhere(machine, pointer):
    assert machine.ok("console_write", pointer, 0) == 0
    assert machine.host.console == b""


# Addresses and lengths that reach what user mode may not read.
UNREADABLE = [
    (0, 1),
    (PAGE, 1),
    (CODE_VA - 1, 2),
    (CODE_VA, PAGE + 1),
    (END - 1, 2),
    (END, 1),
    (DATA_VA, 0xFFFFFFFF),
    (DATA_VA, 0x80000000),
    (0xFFFFFFFF, 2),
    (0xFFFFFFFF, 1),
    (0xFFFFFFFF, 0xFFFFFFFF),
    (KERNEL_VA, 1),
    (WINDOW_VA, 1),
    (AREA - 1, 1),
]


@pytest.mark.parametrize(("pointer", "length"), UNREADABLE)
def test_console_write_of_what_cannot_be_read(machine, pointer, length):
    machine.fails(Error.BAD_POINTER, "console_write", pointer, length)
    assert machine.host.console == b"", "not even the readable start"


def test_the_last_readable_byte(machine):
    assert machine.ok("console_write", END - 1, 1) == 1


def test_device_memory_is_nobodys_buffer(machine):
    machine.view(UART, FREE_VA, RW)
    machine.fails(Error.BAD_POINTER, "console_write", FREE_VA, 1)
    machine.fails(Error.BAD_POINTER, "console_read", FREE_VA, 1)


# -- console_read ----------------------------------------------------------------------------


def test_console_read_stores_what_there_is(machine):
    machine.host.input = b"typed"
    assert machine.ok("console_read", DATA_VA + 0x10, 64) == 5
    assert machine.peek(DATA_VA + 0x10, 6) == b"typed\0"


def test_console_read_takes_no_more_than_it_was_asked(machine):
    machine.host.input = b"typed"
    assert machine.ok("console_read", DATA_VA + 0x10, 3) == 3
    assert machine.peek(DATA_VA + 0x10, 5) == b"typ\0\0"
    assert machine.host.input == b"ed"


def test_console_read_at_the_end_of_input(machine):
    assert machine.ok("console_read", DATA_VA, 64) == 0
    assert machine.peek(DATA_VA, 4) == b"data"


def test_console_read_of_nothing_asks_nobody(machine, monkeypatch):
    """A console that has nothing yet would keep the caller waiting."""
    monkeypatch.setattr(machine.host, "console_read", None)
    assert machine.ok("console_read", 0, 0) == 0


def test_console_read_across_pages_that_lie_apart(machine):
    first, second = machine.take(), machine.take()
    machine.view(first, FREE_VA, RW)
    machine.view(second, FREE_VA + PAGE, RW)
    machine.host.input = b"abcdef"
    machine.host.forget()
    assert machine.ok("console_read", FREE_VA + PAGE - 2, 2 * 3) == 6
    assert machine.peek(FREE_VA + PAGE - 2, 6) == b"abcdef"
    low, high = machine.pa(FREE_VA + PAGE - 2), machine.pa(FREE_VA + PAGE)
    assert machine.host.written == [(low, 2), (high, 4)]


def test_a_short_read_touches_only_what_it_fills(machine):
    first, second = machine.take(), machine.take()
    machine.view(first, FREE_VA, RW)
    machine.view(second, FREE_VA + PAGE, RW)
    machine.host.input = b"ab"
    machine.host.forget()
    assert machine.ok("console_read", FREE_VA + PAGE - 2, 100) == 2
    assert machine.host.written == [(machine.pa(FREE_VA + PAGE - 2), 2)]


@pytest.mark.parametrize(("pointer", "length"), [*UNREADABLE, (CODE_VA, 1), (AREA, 1)])
def test_console_read_to_what_cannot_be_written(machine, pointer, length):
    machine.host.input = b"typed"
    machine.fails(Error.BAD_POINTER, "console_read", pointer, length)
    assert machine.host.input == b"typed", "no input is lost"


# -- whose translation, and when -------------------------------------------------------------


def test_the_rights_are_those_of_the_moment(machine):
    f_id = machine.take()
    machine.view(f_id, FREE_VA, RO)
    machine.fails(Error.BAD_POINTER, "frame_lookup", f_id, FREE_VA)
    machine.view(f_id, FREE_VA, RW)
    machine.ok("frame_lookup", f_id, FREE_VA)
    machine.ok("frame_unmap", f_id, 0)
    machine.fails(Error.BAD_POINTER, "frame_lookup", f_id, FREE_VA)


def test_the_translation_is_the_callers_own(machine):
    """The same address is other memory for each process."""
    child = machine.child()
    f_id = machine.take()
    machine.view(f_id, FREE_VA, RW)
    machine.poke(FREE_VA, b"proc0")
    machine.turn(child.pid)
    machine.fails(Error.BAD_POINTER, "console_write", FREE_VA, 5)
    machine.poke(DATA_VA, b"child")
    machine.ok("console_write", DATA_VA, 5)
    machine.turn(0)
    machine.ok("console_write", FREE_VA, 5)
    assert machine.host.console == b"childproc0"


def test_a_pointer_into_memory_of_a_section():
    machine = Machine(size=8 << 20)
    f_id = machine.take(256, align=1 << 20)
    machine.ok("frame_map", 0, f_id, 0x40000000, RW | 1 << 2)
    machine.poke(0x400FFFF0, b"section's end")
    machine.ok("console_write", 0x400FFFF0, 13)
    assert machine.host.console == b"section's end"
    machine.fails(Error.BAD_POINTER, "console_write", 0x400FFFF0, 17)


def test_a_table_can_be_read_and_not_written_by_any_call(machine):
    table = machine.info(LOW)
    machine.ok("console_write", table.v_va, PAGE)
    for name in ("recv", "console_read", "frame_lookup"):
        arguments = {"recv": (table.v_va,), "console_read": (table.v_va, 4)}
        machine.fails(Error.BAD_POINTER, name, *arguments.get(name, (SYS, table.v_va)))
