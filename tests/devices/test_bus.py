"""Devices answer where they are placed, and no two in one place."""

from __future__ import annotations

import pytest

from emu.devices.bus import Bus


class Echo:
    """Reads as the offset asked for; keeps what is written."""

    compatible = "test,echo"

    def __init__(self, name: str, base: int, size: int = 0x1000) -> None:
        self.name, self.pa, self.size = name, base, size
        self.written: list[tuple[int, int, int]] = []

    def read(self, offset: int, size: int) -> int:
        return offset << 8 | size

    def write(self, offset: int, size: int, value: int) -> None:
        self.written.append((offset, size, value))


def test_devices_come_in_order_of_address() -> None:
    bus = Bus()
    high, low = Echo("high", 0x5000), Echo("low", 0x1000, 0x2000)
    bus.add(high)
    bus.add(low)
    assert list(bus) == [low, high]


def test_an_access_goes_to_the_device_at_its_address() -> None:
    bus, device = Bus(), Echo("a", 0x1000, 0x2000)
    bus.add(device)
    assert bus.read(0x1234, 4) == 0x23404
    bus.write(0x2FFF, 1, 7)
    assert device.written == [(0x1FFF, 1, 7)]


def test_nothing_answers_beside_a_device() -> None:
    bus, device = Bus(), Echo("a", 0x1000)
    bus.add(device)
    assert [bus.find(pa) for pa in (0xFFF, 0x1000, 0x1FFF, 0x2000)] == [None, device, device, None]
    with pytest.raises(ValueError, match="no device answers at 0x00002000"):
        bus.read(0x2000, 4)


@pytest.mark.parametrize("base", [0x1000, 0x2000, 0x4000])
def test_two_devices_in_one_place(base: int) -> None:
    bus = Bus()
    bus.add(Echo("first", 0x2000, 0x3000))
    with pytest.raises(ValueError, match="second overlaps first"):
        bus.add(Echo("second", base, 0x2000))


@pytest.mark.parametrize(("base", "size"), [(0x800, 0x1000), (0x1000, 0x800), (0x1000, 0)])
def test_devices_take_whole_pages(base: int, size: int) -> None:
    with pytest.raises(ValueError, match="whole pages"):
        Bus().add(Echo("a", base, size))
