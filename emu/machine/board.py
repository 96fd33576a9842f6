"""A board: where RAM, the kernel's own memory and the devices are in physical memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from emu.devices import uart
from emu.devices.bus import Bus, Device
from emu.environment.outside import Outside
from kernel_model.kernel import KERNEL_SIZE
from kernel_model.kernel import Device as KernelDevice

RAM_BASE: Final = 0x80000000


class Placement(NamedTuple):
    """A device: which one, and where its registers are (pa).  name: a key of ``MAKERS``."""

    name: str
    pa: int


class Board(NamedTuple):
    """What is where, as a value.

    ram_base, ram_size: physical address and bytes.  kernel_base: where in RAM the kernel's own
    memory is (pa), KERNEL_SIZE bytes.
    """

    ram_base: int
    ram_size: int
    kernel_base: int
    devices: tuple[Placement, ...]

    @property
    def kernel(self) -> range:
        """The physical addresses of the kernel's own memory."""
        return range(self.kernel_base, self.kernel_base + KERNEL_SIZE)


MAKERS: Final[dict[str, Callable[[Outside, int], Device]]] = {uart.Uart.name: uart.Uart}
"""What makes each device, of the outside that it is connected to and its address (pa)."""


def standard_board(ram_size: int) -> Board:
    """The board of docs/machine.md with so many bytes of RAM."""
    return Board(RAM_BASE, ram_size, RAM_BASE, (Placement(uart.Uart.name, uart.BASE),))


def make_bus(board: Board, outside: Outside) -> Bus:
    """The board's devices, connected to the outside."""
    bus = Bus()
    for name, pa in board.devices:
        bus.add(MAKERS[name](outside, pa))
    return bus


def kernel_devices(bus: Bus) -> tuple[KernelDevice, ...]:
    """The devices as the kernel knows them."""
    return tuple(KernelDevice(device.name, device.pa, device.size) for device in bus)
