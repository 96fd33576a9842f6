"""A board: where RAM, the kernel's own memory and the devices are in physical memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from emu.devices import uart
from emu.devices.bus import Bus, Device
from emu.environment.outside import Outside
from kernel_model.kernel import Device as KernelDevice

RAM_BASE: Final = 0x80000000


class Placement(NamedTuple):
    """A device and the address (pa) of its registers.  name: a key of ``MAKERS``."""

    name: str
    pa: int


class Board(NamedTuple):
    """The layout of physical memory, as a value.

    ram_base, ram_size: address (pa) and bytes.  kernel_base: the address (pa) of the kernel's own
    KERNEL_SIZE bytes of RAM.
    """

    ram_base: int
    ram_size: int
    kernel_base: int
    devices: tuple[Placement, ...]


MAKERS: Final[dict[str, Callable[[Outside, int], Device]]] = {uart.Uart.name: uart.Uart}
"""The class of each device, called with the outside and the device's address (pa)."""


def standard_board(ram_size: int) -> Board:
    """The board of docs/machine.md with ``ram_size`` bytes of RAM."""
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
