"""The bus: which device answers at which physical address."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, Protocol


class Device(Protocol):
    """Something that answers loads and stores in [pa, pa + size), whole pages of pa.

    ``offset`` is from ``pa``; ``size`` of an access is 1, 2, 4 or 8 bytes, little endian.
    ``compatible`` is the device tree's name for what it is.
    """

    @property
    def name(self) -> str: ...

    @property
    def compatible(self) -> str: ...

    @property
    def pa(self) -> int: ...

    @property
    def size(self) -> int: ...

    def read(self, offset: int, size: int) -> int: ...

    def write(self, offset: int, size: int, value: int) -> None: ...

    def snapshot(self) -> Hashable:
        """The whole state of the device, as a value."""

    def restore(self, state: Any) -> None:
        """Put back the state that ``snapshot`` gave."""


class Bus:
    """Devices in order of address; no two answer at the same one."""

    def __init__(self) -> None:
        self._devices: list[Device] = []

    def __iter__(self) -> Iterator[Device]:
        return iter(self._devices)

    def add(self, device: Device) -> None:
        """Place a device at its address."""
        end = device.pa + device.size
        if device.pa % 0x1000 or device.size % 0x1000 or not device.size:
            raise ValueError(f"Bus.add: {device.name} does not take whole pages")
        for other in self._devices:
            if device.pa < other.pa + other.size and other.pa < end:
                raise ValueError(f"Bus.add: {device.name} overlaps {other.name}")
        self._devices.append(device)
        self._devices.sort(key=lambda placed: placed.pa)

    def find(self, pa: int) -> Device | None:
        """The device that answers at ``pa``."""
        for device in self._devices:
            if device.pa <= pa < device.pa + device.size:
                return device
        return None

    def read(self, pa: int, size: int) -> int:
        """A load of ``size`` bytes at ``pa``, where a device must be."""
        device = self._require(pa)
        return device.read(pa - device.pa, size)

    def write(self, pa: int, size: int, value: int) -> None:
        """A store of ``size`` bytes at ``pa``, where a device must be."""
        device = self._require(pa)
        device.write(pa - device.pa, size, value)

    def _require(self, pa: int) -> Device:
        device = self.find(pa)
        if device is None:
            raise ValueError(f"Bus: no device answers at {pa:#010x}")
        return device
