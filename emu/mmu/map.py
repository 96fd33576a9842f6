"""The ``map`` backend: Unicorn's own memory map mirrors the current address space.

Virtual addresses are Unicorn's physical addresses: each run of pages is a region at its virtual
address over the same host memory, each device a window of callbacks.  When descriptors change,
the runs are computed anew where they changed and the difference is applied.

Rights are enforced by a fill hook that knows the runs and nothing else: Unicorn looks at a region's
own permissions only on some paths, and a store that it refuses there does not stop at once.

Unicorn tells code by its host address, so pages that are mapped several times come from several
views of RAM.  Otherwise it could not say which translated code a store makes stale.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from emu.cpu.engine import Engine, View
from emu.cpu.hostram import HostRam, ManyViewsRam
from emu.devices.bus import Device
from emu.mmu.backend import PAGE_MASK, PAGE_SIZE
from emu.mmu.coherence import Use
from emu.mmu.fill import ACCESS, answer
from emu.mmu.filling import FillingBackend
from emu.mmu.regions import Run, backed, coalesced, replaced, scan
from kernel_model.descriptors import EXEC

Accessors = tuple[Callable[[int, int], int], Callable[[int, int, int], None]]


class MapBackend(FillingBackend):
    """Keeps Unicorn's memory map equal to the current address space."""

    name = "map"

    def __init__(self, engine: Engine, ram: HostRam, devices: tuple[Device, ...]) -> None:
        if not isinstance(ram, ManyViewsRam):
            raise TypeError("MapBackend: RAM that has only one view")
        super().__init__(engine, ram, devices, self._remove_code)
        self._host = ram
        self._ram = ram.ram
        self._devices = devices
        self._accessors: dict[tuple[int, int], Accessors] = {}
        self._known: dict[int, list[Run]] = {}
        self._runs: list[Run] = []  # what Unicorn has, in order of va
        self._starts: list[int] = []
        self._views: dict[Run, int] = {}  # which view of RAM each run is mapped from
        self._uses: dict[int, Use] = {}
        self._removing = False
        self._answer_fills(self._fill)

    def switch(self, l1_pa: int) -> None:
        if l1_pa == self._spaces.l1_pa:
            return
        self._spaces.switch(l1_pa)
        if l1_pa not in self._known:
            self._known[l1_pa] = coalesced(self._scan(0, 1 << 32))
        self._mirror(self._known[l1_pa])

    def changed(self, l1_pa: int, va: int, length: int, was_mapped: bool) -> None:  # noqa: ARG002 - the protocol's
        self._spaces.forget(l1_pa, va, length)
        if l1_pa != self._spaces.l1_pa:
            self._known.pop(l1_pa, None)
            return
        first, end = va & PAGE_MASK, va + length
        runs = replaced(self._runs, first, end, self._scan(first, end))
        self._known[l1_pa] = runs
        self._mirror(runs)

    def view(self, va: int) -> View:
        view = super().view(va)
        run = self._run(va)
        return view if run is None or not view.rights else View(run.pa + va - run.va, view.rights)

    # The mirror

    def _scan(self, va: int, end: int) -> list[Run]:
        found = scan(self._ram, self._spaces.l1_pa, va, end)
        return list(backed(found, self._ram, self._devices))

    def _mirror(self, runs: list[Run]) -> None:
        """Give Unicorn these runs in place of those it has."""
        if runs == self._runs:
            return
        kept = set(self._runs) & set(runs)
        for run in self._runs:
            if run not in kept:
                self._unmap(run)
        self._runs, self._starts = runs, [run.va for run in runs]
        for run in runs:
            if run not in kept:
                self._map(run)
        self._uses.clear()
        self._flush()

    def _unmap(self, run: Run) -> None:
        self._removing = True  # Unicorn removes the code of pages that can be fetched
        self._engine.unmap(run.va, run.length)
        self._removing = False
        self._views.pop(run, None)

    def _map(self, run: Run) -> None:
        if run.device is not None:
            self._engine.map_device(run.va, run.length, *self._window(run, run.device))
            return
        view = self._views[run] = self._free_view(run)
        offset = run.pa - self._ram.base
        self._engine.map_ram(run.va, run.length, self._host.view(view) + offset)

    def _free_view(self, run: Run) -> int:
        """A view of RAM from which none of this run's bytes are mapped yet."""
        end = run.pa + run.length
        taken = {
            view
            for other, view in self._views.items()
            if other.pa < end and run.pa < other.pa + other.length
        }
        return min(set(range(len(taken) + 1)) - taken)

    def _window(self, run: Run, device: Device) -> Accessors:
        """How Unicorn reads and writes the device's registers from ``run.pa`` on."""
        start = run.pa - device.pa

        def read(offset: int, size: int) -> int:
            return device.read(start + offset, size)

        def write(offset: int, size: int, value: int) -> None:
            device.write(start + offset, size, value)

        # The same pair for the same place: Unicorn's callbacks for it are made only once.
        return self._accessors.setdefault((device.pa, start), (read, write))

    def _run(self, va: int) -> Run | None:
        """The run that ``va`` lies in."""
        at = bisect_right(self._starts, va) - 1
        return self._runs[at] if at >= 0 and va < self._runs[at].end else None

    def _remove_code(self, pa: int) -> None:
        """Forget what was translated from a page of RAM, through each of its mappings."""
        self._removing = True
        for run in self._runs:
            if run.rights & EXEC and run.pa <= pa < run.pa + run.length:
                va = run.va + pa - run.pa
                self._engine.remove_blocks(va, PAGE_SIZE)
                self._engine.flush_page(va)
        self._removing = False

    # What Unicorn asks

    def _fill(self, _uc: int, va: int, kind: int, entry: int, _data: object) -> bool:
        try:
            access = ACCESS[kind]
            run = self._run(va)
            if self._removing:
                return answer(entry, va, EXEC)
            if run is None or not run.rights & access:
                self._refused = va, access
                return False
            self.fills += 1
            if access != EXEC:
                self._engine.leave_it_block()
            return answer(entry, va, self._grant(va, run, access))
        except BaseException as error:
            self._engine.fail(error)
            return False

    def _grant(self, va: int, run: Run, access: int) -> int:
        if self._asking:
            return access
        if run.device is not None:
            return run.rights
        use = self._uses.setdefault(va, Use())
        return self._coherence.grant(va, run.pa + va - run.va, run.rights, use, access)
