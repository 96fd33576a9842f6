"""Regions of an address space that are mapped alike: what user mode reaches, as a short list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from emu.devices.bus import Device
from kernel_model.descriptors import EXEC
from kernel_model.memory import PhysicalMemory
from kernel_model.walk import mapped


class Region(NamedTuple):
    """[va, va+length) translates to [pa, pa+length), and user mode has ``rights`` there.

    device: whose registers are there, or None if it is RAM.
    """

    va: int
    length: int
    pa: int
    rights: int
    device: Device | None = None

    @property
    def end(self) -> int:
        return self.va + self.length

    def part(self, va: int, end: int) -> Region:
        """What of this region lies in [va, end), which must be some of it."""
        first, last = max(va, self.va), min(end, self.end)
        return self._replace(va=first, length=last - first, pa=self.pa + first - self.va)

    def continues(self, other: Region) -> bool:
        """Whether this region and the one before it are one."""
        return (other.end, other.pa + other.length) == (self.va, self.pa) and (
            other.rights == self.rights and other.device is self.device
        )


def regions_of(
    ram: PhysicalMemory, devices: tuple[Device, ...], l1_pa: int, va: int = 0, end: int = 1 << 32
) -> list[Region]:
    """What user mode reaches in [va, end), both page aligned: RAM, and devices without EXEC."""
    found: list[Region] = []
    for one in mapped(ram, l1_pa, va, end):
        if one.user:
            region = Region(one.va, one.size, one.pa, one.user)
            found += _backed(region, ram, devices)
    return coalesced(found)


def _backed(region: Region, ram: PhysicalMemory, devices: tuple[Device, ...]) -> Iterator[Region]:
    """The parts of the region that translate to RAM or to a device."""
    yield from _inside(region, ram.base, ram.base + ram.size)
    for device in devices:
        for part in _inside(region, device.pa, device.pa + device.size):
            yield part._replace(rights=part.rights & ~EXEC, device=device)


def _inside(region: Region, pa: int, end: int) -> Iterator[Region]:
    """The part of the region that translates into [pa, end), if there is one."""
    if region.pa < end and pa < region.pa + region.length:
        offset = region.va - region.pa
        yield region.part(pa + offset, end + offset)


def coalesced(regions: Iterable[Region]) -> list[Region]:
    """The same as fewer, longer regions in order: neighbours that continue each other are one."""
    result: list[Region] = []
    for region in sorted(regions, key=lambda region: region.va):
        if result and region.continues(result[-1]):
            result[-1] = result[-1]._replace(length=result[-1].length + region.length)
        else:
            result.append(region)
    return result


def replaced(regions: list[Region], va: int, end: int, new: Iterable[Region]) -> list[Region]:
    """The regions with those in [va, end) replaced by the new ones."""
    before = [region.part(0, va) for region in regions if region.va < va]
    after = [region.part(end, region.end) for region in regions if region.end > end]
    return coalesced([*before, *new, *after])
