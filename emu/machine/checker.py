"""``--check``: after each call the invariants hold, and Unicorn sees what the tables say."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from emu.cpu.binding import NOTHING, View
from emu.devices.bus import Device
from emu.machine.core import Core
from emu.machine.observers import Observer
from emu.mmu.regions import Region, regions_of
from kernel_model.call import CallRow
from kernel_model.events import TranslationChanged
from kernel_model.invariants import check_invariants
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_BASE, PAGE_SIZE
from kernel_model.operations import ASKING
from kernel_model.process import Process

TOP = 1 << 32
SHARE = 2048
"""A vspace of more pages than this is compared in shares of about this many."""


class OutOfStepError(AssertionError):
    """Unicorn would translate a page differently from the guest's tables: a mistake of ours."""


class Checker(Observer):
    """Checks a machine after each of its calls, except those that change nothing.

    Programs make thousands of those; a damage by one is found after the next call of another kind.

    Unicorn's view cannot change unless a descriptor or the vspace changes.  So after a call that
    changed descriptors the whole vspace is compared, including the pages unmapped; after a mere
    switch to a vspace compared before, only the ends of each region of pages.  Of a large vspace
    each check compares the pages that the call touched, the ends of each region and a share of
    ``SHARE`` other pages: every page is compared after as many changes as there are shares.
    """

    rank: ClassVar[int] = 2  # after observers that write about the call

    def __init__(self, kernel: Kernel, devices: tuple[Device, ...]) -> None:
        self._kernel, self._devices = kernel, devices
        self._compared: dict[int, list[Region]] = {}
        """By L1 (pa), the regions of each vspace compared as a whole since it changed."""
        self._at = -1
        self._turn = 0
        """The number of vspaces compared as a whole."""
        self._touched: defaultdict[int, set[int]] = defaultdict(set)
        """By L1 (pa), the pages whose entries changed since the vspace was compared."""

    def translation_changed(self, event: TranslationChanged) -> None:
        l1_pa, va, length, _ = event
        self._compared.pop(l1_pa, None)
        self._touched[l1_pa].update(range(va & PAGE_BASE, va + length, PAGE_SIZE))

    def restored(self) -> None:
        self._compared.clear()
        self._touched.clear()
        self._at = -1

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:  # noqa: ARG002
        if call.operation not in ASKING:
            self.check(core)

    def semihosted(self, core: Core, process: Process, operation: int, result: int) -> None:  # noqa: ARG002
        self.check(core)

    def check(self, core: Core) -> None:
        """Errors: InvariantError, OutOfStepError."""
        check_invariants(self._kernel)
        process = self._kernel.running[core.number]
        if process is None or process is not core.loaded or not core.backend.sync():
            return
        l1_pa = self._kernel.l1_pa(process)
        if l1_pa not in self._compared:
            regions = regions_of(self._kernel.memory, self._devices, l1_pa)
            self._compare(core, self._pages(regions, self._touched.pop(l1_pa, set())))
            self._compared[l1_pa] = regions
        elif l1_pa != self._at:
            self._compare(core, self._ends(self._compared[l1_pa]))
        self._at = l1_pa

    def _compare(self, core: Core, expected: dict[int, View]) -> None:
        for va, wanted in sorted(expected.items()):
            found = core.backend.view(va)
            if found != wanted:
                raise OutOfStepError(
                    f"page {va:#010x}: Unicorn has {found}, the tables have {wanted}"
                )

    def _pages(self, regions: list[Region], touched: set[int]) -> dict[int, View]:
        """The pages that user mode can reach, the pages beside these, and those that changed."""
        beside = {va for one in regions for va in (one.va - PAGE_SIZE, one.end) if 0 <= va < TOP}
        expected = dict.fromkeys(touched | beside, NOTHING)
        shares = 1 + sum(region.length for region in regions) // (SHARE * PAGE_SIZE)
        self._turn += 1
        for region in regions:
            va, pa, pages = region.va, region.pa, region.length // PAGE_SIZE
            chosen = {0, pages - 1, *range(self._turn % shares, pages, shares)}
            chosen.update((page - va) // PAGE_SIZE for page in touched if va <= page < region.end)
            for offset in (number * PAGE_SIZE for number in chosen):
                expected[va + offset] = View(pa + offset, region.rights)
        return expected

    def _ends(self, regions: list[Region]) -> dict[int, View]:
        """The first and the last page of each region."""
        return {
            region.va + offset: View(region.pa + offset, region.rights)
            for region in regions
            for offset in (0, region.length - PAGE_SIZE)
        }
