"""The ``map`` backend: Unicorn's own memory map mirrors the current address space.

Virtual addresses are Unicorn's physical addresses: each region of pages is one of Unicorn's at its
virtual address over the same host memory, each device a window of callbacks.  When descriptors
change, the regions are computed anew where they changed, and ``sync`` applies the difference.

Rights are enforced by a fill hook that knows the regions and nothing else: Unicorn looks at a
region's own permissions only on some paths, and a store that it refuses there does not stop at
once.

Unicorn tells code by its host address, so pages that are mapped several times come from several
views of RAM.  Otherwise it could not say which translated code a store makes stale.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

from emu.cpu.binding import Read, View, Write
from emu.cpu.engine import Engine
from emu.cpu.fill import ACCESS, answer
from emu.cpu.hostram import HostRam, ManyViewsRam
from emu.devices.bus import Device
from emu.mmu.coherence import Use
from emu.mmu.filling import FillingBackend
from emu.mmu.fills import holding
from emu.mmu.regions import Region, regions_of, replaced
from kernel_model.descriptors import EXEC
from kernel_model.memory import PAGE_BASE, PAGE_SIZE


class MapBackend(FillingBackend):
    """Keeps Unicorn's memory map equal to the current address space.

    _known: the regions of each address space, by its L1 table (pa).
    """

    name = "map"

    def __init__(self, engine: Engine, ram: HostRam, devices: tuple[Device, ...]) -> None:
        if not isinstance(ram, ManyViewsRam):
            raise TypeError("MapBackend: RAM that has only one view")
        super().__init__(engine, ram, devices, self._remove_code, virtual=True)
        self._devices = devices
        self._mirror = Mirror(engine, ram)
        self._known: dict[int, list[Region]] = {}
        self.is_in_step = True
        self._uses: dict[int, Use] = {}
        self._answers_all = False

    def switch(self, l1_pa: int) -> None:
        if l1_pa == self._pages.l1_pa:
            return
        if not self._known.get(self._pages.l1_pa, True):
            del self._known[self._pages.l1_pa]  # the address space of a process that has ended
        self._pages.switch(l1_pa)
        if l1_pa not in self._known:
            self._known[l1_pa] = self._scan(0, 1 << 32)
        self.is_in_step = False

    def changed(self, l1_pa: int, va: int, length: int, was_mapped: bool) -> None:  # noqa: ARG002 - the protocol's
        self._pages.forget(l1_pa, va, length)
        if l1_pa != self._pages.l1_pa:
            self._known.pop(l1_pa, None)
            return
        first, end = va & PAGE_BASE, va + length
        new = self._scan(first, end)
        self._known[l1_pa] = replaced(self._known[l1_pa], first, end, new)
        self.is_in_step = False

    def sync(self) -> bool:
        """The more regions Unicorn has, the longer each takes, so this can be asked to stop."""
        if self.is_in_step:
            return True
        wanted = self._known[self._pages.l1_pa]
        if wanted != self._mirror.regions:
            with self._answering_all():  # Unicorn removes the code of pages that can be fetched
                done = self._mirror.become(wanted)
            self._uses.clear()
            self._flush()
            if not done:
                return False
        self.is_in_step = True
        return True

    def reset(self) -> None:
        self._known.clear()
        super().reset()
        if self._pages.l1_pa >= 0:
            self._known[self._pages.l1_pa] = self._scan(0, 1 << 32)
            self.is_in_step = False

    def view(self, va: int) -> View:
        view = super().view(va)
        region = self._mirror.region(va)
        if region is None or not view.rights:
            return view
        return View(region.pa + va - region.va, view.rights)

    def _scan(self, va: int, end: int) -> list[Region]:
        return regions_of(self._pages.ram, self._devices, self._pages.l1_pa, va, end)

    def _remove_code(self, pa: int) -> None:
        """Forget what was translated from a page of RAM, through each of its mappings."""
        with self._answering_all():
            for region in self._mirror.regions:
                if region.rights & EXEC and region.pa <= pa < region.pa + region.length:
                    va = region.va + pa - region.pa
                    self._unicorn.remove_blocks(va, PAGE_SIZE)
                    self._unicorn.flush_page(va)

    @contextmanager
    def _answering_all(self) -> Iterator[None]:
        """Meanwhile each fill gets the page itself, executable."""
        self._answers_all = True
        with holding(self._fills):
            yield
        self._answers_all = False

    # What Unicorn asks

    def _fill(self, _uc: int, va: int, kind: int, entry: int, _data: object) -> bool:
        try:
            access = ACCESS[kind]
            if self._answers_all:
                return answer(entry, va, EXEC)
            region = self._mirror.region(va)
            if region is None or not region.rights & access:
                self._refused = va, access
                return False
            if self._asking:
                return answer(entry, va, access)
            self._fills.count += 1
            if self._fills.count == self._fills.due:
                self._grow()
            if access != EXEC:
                self._engine.hooks.leave_it_block()
            return answer(entry, va, self._grant(va, region, access))
        except BaseException as error:
            self._engine.control.fail(error)
            return False

    def _grant(self, va: int, region: Region, access: int) -> int:
        if region.device is not None:
            return region.rights
        use = self._uses.setdefault(va, Use())
        return self._coherence.grant(va, region.pa + va - region.va, region.rights, use, access)


class Mirror:
    """Unicorn's memory map: ``regions``, in order of va, are what it really has."""

    def __init__(self, engine: Engine, ram: ManyViewsRam) -> None:
        self._engine, self._ram = engine, ram
        self.regions: list[Region] = []
        self._starts: list[int] = []
        self._views: dict[Region, int] = {}  # which view of RAM each region is mapped from
        self._accessors: dict[tuple[int, int], tuple[Read, Write]] = {}

    def region(self, va: int) -> Region | None:
        """The region that ``va`` lies in."""
        at = bisect_right(self._starts, va) - 1
        return self.regions[at] if at >= 0 and va < self.regions[at].end else None

    def become(self, wanted: list[Region]) -> bool:
        """Give Unicorn these regions in place of those it has; False if stopped on the way."""
        kept = set(self.regions) & set(wanted)
        have = set(self.regions)
        control = self._engine.control
        for region in self.regions:
            if region not in kept and not control.requested:
                self._unmap(region)
                have.remove(region)
        for region in wanted:
            if region not in kept and not control.requested:
                self._map(region)
                have.add(region)
        self.regions = sorted(have, key=lambda region: region.va)
        self._starts = [region.va for region in self.regions]
        return not control.requested or self.regions == wanted

    def _unmap(self, region: Region) -> None:
        self._engine.unicorn.unmap(region.va, region.length)
        self._views.pop(region, None)

    def _map(self, region: Region) -> None:
        if region.device is not None:
            accessors = self._window(region, region.device)
            self._engine.hooks.map_device(region.va, region.length, *accessors)
            return
        view = self._views[region] = self._free_view(region)
        host = self._ram.view(view) + region.pa - self._ram.ram.base
        self._engine.unicorn.map_ram(region.va, region.length, host)

    def _free_view(self, region: Region) -> int:
        """A view of RAM from which none of this region's bytes are mapped yet."""
        end = region.pa + region.length
        taken = {
            view
            for other, view in self._views.items()
            if other.pa < end and region.pa < other.pa + other.length
        }
        return min(set(range(len(taken) + 1)) - taken)

    def _window(self, region: Region, device: Device) -> tuple[Read, Write]:
        """How Unicorn reads and writes the device's registers from ``region.pa`` on."""
        start = region.pa - device.pa

        def read(offset: int, size: int) -> int:
            return device.read(start + offset, size)

        def write(offset: int, size: int, value: int) -> None:
            device.write(start + offset, size, value)

        # The same pair for the same place: Unicorn's callbacks for it are made only once.
        return self._accessors.setdefault((device.pa, start), (read, write))
