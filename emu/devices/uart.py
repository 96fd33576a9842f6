"""The console UART: 16550 registers, one to a word.

Polled operation only.  Transmission takes no time, so LSR always says that there is
room.  Reception waits: until the end of input has been met LSR says that a byte is
there, and reading RBR waits for it.  So LSR answers the same however fast input
arrives, and a program that only writes never waits for input.  The read of RBR that
meets the end of input gives 0, as a line held at break would, and from then on no
byte is there.  No line leads to an interrupt controller: IER keeps what is written, and
IIR never says that an interrupt is pending.

Source: TI SPRUH73 (AM335x), chapter 19, of which the 16550's own registers are here;
National Semiconductor PC16550D.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Final, NamedTuple

from emu.environment.outside import Outside

BASE: Final = 0x44E09000
SIZE: Final = 0x1000

LSR_DATA_READY: Final = 1 << 0
LSR_THR_EMPTY: Final = 1 << 5
LSR_TRANSMITTER_EMPTY: Final = 1 << 6
LCR_DLAB: Final = 1 << 7
FCR_ENABLE: Final = 1 << 0
IIR_NONE_PENDING: Final = 1 << 0
IIR_FIFOS_ENABLED: Final = 0b11 << 6
MSR_READY: Final = 1 << 7 | 1 << 5 | 1 << 4
"""Carrier, data set ready and clear to send: the other end listens."""

IER_WRITABLE: Final = 0x0F
MCR_WRITABLE: Final = 0x1F


class Register(IntEnum):
    """A register's number; its offset is four times that."""

    DATA = 0
    """RBR when read, THR when written; DLL while LCR.DLAB is set."""
    IER = 1
    """DLH while LCR.DLAB is set."""
    IIR_FCR = 2
    """IIR when read, FCR when written."""
    LCR = 3
    MCR = 4
    LSR = 5
    MSR = 6
    SCR = 7


class UartState(NamedTuple):
    """The state of a UART: its attributes of these names."""

    input_ended: bool
    divisor: int
    ier: int
    fifos_enabled: bool
    lcr: int
    mcr: int
    scr: int


class Uart:
    """A 16550 whose line is the outside's standard input and output."""

    name = "uart"
    compatible = "ti,omap3-uart"
    size = SIZE

    def __init__(self, outside: Outside, base: int = BASE) -> None:
        self.pa = base
        self._outside = outside
        self.input_ended = False
        self.divisor = 0
        self.ier = 0
        self.fifos_enabled = False
        self.lcr = 0
        self.mcr = 0
        self.scr = 0

    def read(self, offset: int, size: int) -> int:
        """Each register is the first byte of its word; the other bytes read as zero.

        So any width and alignment reads exactly the registers whose byte it covers.
        """
        value = 0
        for byte in range(size):
            number, lane = divmod(offset + byte, 4)
            if lane == 0 and number in _READ:
                value |= _READ[number](self) << 8 * byte
        return value

    def write(self, offset: int, size: int, value: int) -> None:
        """Each register whose byte is covered is written; the other bytes are ignored."""
        for byte in range(size):
            number, lane = divmod(offset + byte, 4)
            if lane == 0 and number in _WRITE:
                _WRITE[number](self, value >> 8 * byte & 0xFF)

    def snapshot(self) -> UartState:
        """The registers as a value."""
        return UartState(*(getattr(self, name) for name in UartState._fields))

    def restore(self, state: UartState) -> None:
        """Set the registers."""
        for name, value in state._asdict().items():
            setattr(self, name, value)

    @property
    def _dlab(self) -> bool:
        return bool(self.lcr & LCR_DLAB)

    def _read_data(self) -> int:
        if self._dlab:
            return self.divisor & 0xFF
        if self.input_ended:
            return 0
        received = self._outside.read_input(1)
        self.input_ended = not received
        return received[0] if received else 0

    def _write_data(self, value: int) -> None:
        if self._dlab:
            self.divisor = self.divisor & 0xFF00 | value
        else:
            self._outside.write_output(bytes([value]))

    def _read_ier(self) -> int:
        return self.divisor >> 8 if self._dlab else self.ier

    def _write_ier(self, value: int) -> None:
        if self._dlab:
            self.divisor = self.divisor & 0x00FF | value << 8
        else:
            self.ier = value & IER_WRITABLE

    def _read_iir(self) -> int:
        return IIR_NONE_PENDING | (IIR_FIFOS_ENABLED if self.fifos_enabled else 0)

    def _write_fcr(self, value: int) -> None:
        """Clearing a FIFO needs nothing done: none ever holds a byte."""
        self.fifos_enabled = bool(value & FCR_ENABLE)

    def _write_lcr(self, value: int) -> None:
        self.lcr = value

    def _write_mcr(self, value: int) -> None:
        self.mcr = value & MCR_WRITABLE

    def _read_lsr(self) -> int:
        ready = 0 if self.input_ended else LSR_DATA_READY
        return LSR_TRANSMITTER_EMPTY | LSR_THR_EMPTY | ready

    def _write_scr(self, value: int) -> None:
        self.scr = value


_READ: Final[dict[int, Callable[[Uart], int]]] = {
    Register.DATA: Uart._read_data,
    Register.IER: Uart._read_ier,
    Register.IIR_FCR: Uart._read_iir,
    Register.LCR: lambda uart: uart.lcr,
    Register.MCR: lambda uart: uart.mcr,
    Register.LSR: Uart._read_lsr,
    Register.MSR: lambda _uart: MSR_READY,
    Register.SCR: lambda uart: uart.scr,
}

# LSR and MSR are read only.
_WRITE: Final[dict[int, Callable[[Uart, int], None]]] = {
    Register.DATA: Uart._write_data,
    Register.IER: Uart._write_ier,
    Register.IIR_FCR: Uart._write_fcr,
    Register.LCR: Uart._write_lcr,
    Register.MCR: Uart._write_mcr,
    Register.SCR: Uart._write_scr,
}
