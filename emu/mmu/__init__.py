"""Translation: three ways to keep Unicorn's view of memory equal to the guest's tables."""

from __future__ import annotations

from emu.cpu.binding import View
from emu.cpu.engine import Engine
from emu.cpu.hostram import HostRam, ManyViewsRam
from emu.devices.bus import Device
from emu.mmu.backend import Backend, MemoryFault

BACKENDS = ("tlb", "map", "cpu")
"""The names ``--mmu`` takes; the first is the default."""

__all__ = ["BACKENDS", "Backend", "Device", "MemoryFault", "View", "make_backend", "make_ram"]


def make_ram(name: str, base: int, size: int) -> HostRam:
    """RAM of the kind that the backend of this name needs."""
    return ManyViewsRam(base, size) if name == "map" else HostRam(base, size)


def make_backend(
    name: str, engine: Engine, ram: HostRam, devices: tuple[Device, ...] = ()
) -> Backend:
    """The backend of this name, with the engine's memory set up.  ``ram`` is from ``make_ram``."""
    return _backend_class(name)(engine, ram, devices)


def _backend_class(name: str) -> type[Backend]:
    # Imported here so that a run loads only the backend it uses.
    if name == "tlb":
        from emu.mmu.tlb import TlbBackend

        return TlbBackend
    if name == "map":
        from emu.mmu.map import MapBackend

        return MapBackend
    if name == "cpu":
        from emu.mmu.cpu import CpuBackend

        return CpuBackend
    raise ValueError(f"no backend is called {name!r}")
