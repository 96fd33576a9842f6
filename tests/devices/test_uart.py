"""The UART, register by register."""

from __future__ import annotations

import pytest

from emu.devices.bus import Bus
from emu.devices.uart import (
    FCR_ENABLE,
    IIR_FIFOS_ENABLED,
    IIR_NONE_PENDING,
    LCR_DLAB,
    LSR_DATA_READY,
    LSR_THR_EMPTY,
    LSR_TRANSMITTER_EMPTY,
    MSR_READY,
    Register,
    Uart,
)
from emu.environment.outside import Outside
from emu.environment.world import ScriptedWorld

ROOM = LSR_THR_EMPTY | LSR_TRANSMITTER_EMPTY


class Driver:
    """What a program does with the registers, over the bus."""

    def __init__(self, stdin: bytes = b"") -> None:
        self.world = ScriptedWorld(stdin)
        self.uart = Uart(Outside(self.world))
        self.bus = Bus()
        self.bus.add(self.uart)

    def read(self, register: Register, size: int = 4) -> int:
        return self.bus.read(0x44E09000 + 4 * register, size)

    def write(self, register: Register, value: int, size: int = 4) -> None:
        self.bus.write(0x44E09000 + 4 * register, size, value)

    def read_string(self) -> bytes:
        received = bytearray()
        while self.read(Register.LSR) & LSR_DATA_READY:
            received.append(self.read(Register.DATA))
        return bytes(received)


def test_where_and_what_it_is() -> None:
    uart = Driver().uart
    assert (uart.pa, uart.size, uart.compatible) == (0x44E09000, 0x1000, "ti,omap3-uart")


def test_thr_sends_a_byte() -> None:
    driver = Driver()
    for byte in b"hi\xff":
        driver.write(Register.DATA, 0xABC00 | byte)
    assert driver.world.stdout == b"hi\xff"


def test_there_is_always_room_to_send() -> None:
    driver = Driver()
    assert driver.read(Register.LSR) & ROOM == ROOM
    driver.write(Register.DATA, 1)
    assert driver.read(Register.LSR) & ROOM == ROOM


def test_rbr_receives_until_the_end_of_input() -> None:
    """The read that meets the end gives 0, and then no byte is there."""
    driver = Driver(b"ab\n\xff")
    assert driver.read_string() == b"ab\n\xff\0"
    assert driver.read(Register.LSR) == ROOM
    assert driver.read(Register.DATA) == 0


def test_asking_for_the_line_status_takes_no_input() -> None:
    driver = Driver(b"ab")
    assert [driver.read(Register.LSR) for _ in range(3)] == [ROOM | LSR_DATA_READY] * 3
    assert driver.read(Register.DATA) == ord("a")


def test_divisor_is_behind_dlab() -> None:
    driver = Driver(b"x")
    driver.write(Register.IER, 0x05)
    driver.write(Register.LCR, LCR_DLAB | 0x03)
    driver.write(Register.DATA, 0x1A)
    driver.write(Register.IER, 0x2B)
    assert (driver.read(Register.DATA), driver.read(Register.IER)) == (0x1A, 0x2B)
    assert driver.uart.divisor == 0x2B1A
    driver.write(Register.LCR, 0x03)
    assert (driver.read(Register.DATA), driver.read(Register.IER)) == (ord("x"), 0x05)
    assert driver.world.stdout == b""


@pytest.mark.parametrize(
    ("register", "kept"),
    [(Register.IER, 0x0F), (Register.LCR, 0xFF), (Register.MCR, 0x1F), (Register.SCR, 0xFF)],
)
def test_registers_that_keep_what_is_written(register: Register, kept: int) -> None:
    driver = Driver()
    assert driver.read(register) == 0
    for value in (0xFF, 0x55, 0xAA, 0):
        driver.write(register, value)
        assert driver.read(register) == value & kept


def test_iir_never_says_that_an_interrupt_is_pending() -> None:
    driver = Driver(b"x")
    driver.write(Register.IER, 0x0F)
    assert driver.read(Register.IIR_FCR) == IIR_NONE_PENDING
    driver.write(Register.IIR_FCR, FCR_ENABLE | 0b110)
    assert driver.read(Register.IIR_FCR) == IIR_NONE_PENDING | IIR_FIFOS_ENABLED
    driver.write(Register.IIR_FCR, 0)
    assert driver.read(Register.IIR_FCR) == IIR_NONE_PENDING


@pytest.mark.parametrize("register", [Register.LSR, Register.MSR])
def test_status_registers_cannot_be_written(register: Register) -> None:
    driver = Driver(b"x")
    before = driver.read(register)
    driver.write(register, 0)
    assert driver.read(register) == before


def test_msr_says_that_somebody_listens() -> None:
    assert Driver().read(Register.MSR) == MSR_READY


@pytest.mark.parametrize("size", [1, 2, 4])
def test_any_width_reaches_a_register(size: int) -> None:
    driver = Driver(b"x")
    driver.write(Register.SCR, 0x7E, size)
    assert driver.read(Register.SCR, size) == 0x7E
    driver.write(Register.DATA, ord("y"), size)
    assert driver.read(Register.DATA, size) == ord("x")
    assert driver.world.stdout == b"y"


def test_the_other_bytes_of_a_word_are_nothing() -> None:
    driver = Driver(b"x")
    for offset in (1, 2, 3):
        driver.uart.write(offset, 1, 0xFF)
        assert driver.uart.read(offset, 1) == 0
    assert driver.world.stdout == b""
    assert driver.read(Register.DATA) == ord("x")


def test_wide_and_unaligned_accesses_reach_all_they_cover() -> None:
    driver = Driver()
    driver.uart.write(4 * Register.LCR, 8, 0x15_0000_0003)
    assert (driver.read(Register.LCR), driver.read(Register.MCR)) == (0x03, 0x15)
    assert driver.uart.read(4 * Register.LCR, 8) == 0x15_0000_0003
    assert driver.uart.read(4 * Register.LCR + 2, 4) == 0x15_0000


@pytest.mark.parametrize("offset", [0x20, 0x54, 0xFFC])
def test_there_is_nothing_behind_the_last_register(offset: int) -> None:
    driver = Driver(b"x")
    driver.uart.write(offset, 4, 0xFFFFFFFF)
    assert driver.uart.read(offset, 4) == 0
    assert driver.world.stdout == b""
