"""``--check``: after each call the invariants hold, and Unicorn sees what the tables say."""

from __future__ import annotations

from collections import defaultdict
from typing import ClassVar

from emu.cpu.binding import NOTHING, View
from emu.devices.bus import Device
from emu.machine.core import Core
from emu.machine.fault import MachineFault
from emu.machine.observers import Observer, Words
from emu.mmu.regions import Region, regions_of
from kernel_model.call import CallRow
from kernel_model.events import TranslationChanged
from kernel_model.invariants import check_invariants
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_BASE, PAGE_SIZE
from kernel_model.operations import ASKING, Operation
from kernel_model.process import Process

TOP = 1 << 32
SHARE = 2048
"""A vspace of more pages than this is compared in shares of about this many."""

CHANGES = 256
"""After so many changes a vspace is compared as a whole again."""

SAMPLE = 4
"""Pages that did not change, compared after each change, in turn."""

_ENDS = frozenset({Operation.EXIT, Operation.PROC_END})
_SEMIHOSTED_ENDS = (0x18, 0x20)
"""SYS_EXIT and SYS_EXIT_EXTENDED."""


class OutOfStepError(AssertionError):
    """Unicorn would translate a page differently from the guest's tables: a mistake of ours."""


class _Vspace:
    """A vspace that has been compared as a whole.

    regions: as they were then.  pages: those that were compared then, in order.
    touched: the pages (va) whose entries changed since.  changes: how often.
    """

    def __init__(self, regions: list[Region], pages: list[tuple[int, View]]) -> None:
        self.regions, self.pages = regions, pages
        self.touched: set[int] = set()
        self.changes = 0
        self._at = 0

    def sample(self) -> dict[int, View]:
        """The next pages in turn, without those that changed."""
        chosen = self.pages[self._at : self._at + SAMPLE]
        self._at = self._at + SAMPLE if self._at + SAMPLE < len(self.pages) else 0
        return {va: view for va, view in chosen if va not in self.touched}

    def ends(self) -> dict[int, View]:
        """The first and the last page of each region, without those that changed."""
        return {
            va: View(region.pa + va - region.va, region.rights)
            for region in self.regions
            for va in (region.va, region.end - PAGE_SIZE)
            if va not in self.touched
        }


class Checker(Observer):
    """Checks a machine after each of its calls, except those that change nothing.

    Programs make thousands of those; a damage by one is found after the next call of another kind.

    All invariants are checked.  Unicorn's view cannot change unless a descriptor or the vspace
    changes.  So after a call that changed descriptors their pages are compared and those beside
    them, with ``SAMPLE`` others; after a mere switch to another vspace the ends of each region of
    pages.  The whole vspace is compared at first, after ``CHANGES`` changes, at faults and before
    a process ends; of a large one a share of ``SHARE`` pages, another each time.
    """

    rank: ClassVar[int] = 2  # after observers that write about the call

    def __init__(self, kernel: Kernel, devices: tuple[Device, ...]) -> None:
        self._kernel, self._devices = kernel, devices
        self._vspaces: dict[int, _Vspace] = {}
        """By L1 (pa), each vspace that has been compared as a whole."""
        self._at = -1
        self._turn = 0
        """The number of vspaces compared as a whole."""
        self._changed: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        """By L1 (pa), the ranges [va, end) whose entries changed since the vspace was compared."""

    def translation_changed(self, event: TranslationChanged) -> None:
        l1_pa, va, length, _ = event
        self._changed[l1_pa].append((va & PAGE_BASE, va + length))

    def restored(self) -> None:
        self._vspaces.clear()
        self._changed.clear()
        self._at = -1

    def calling(self, core: Core, process: Process, call: CallRow, words: Words) -> None:  # noqa: ARG002
        if call.operation in _ENDS:
            self.check(core, whole=True)

    def called(self, core: Core, process: Process, call: CallRow, result: int | None) -> None:  # noqa: ARG002
        if call.operation not in ASKING:
            self.check(core)

    def semihosting(self, core: Core, process: Process, operation: int, argument: int) -> None:  # noqa: ARG002
        if operation in _SEMIHOSTED_ENDS:
            self.check(core, whole=True)

    def semihosted(self, core: Core, process: Process, operation: int, result: int) -> None:  # noqa: ARG002
        self.check(core)

    def faulted(self, core: Core, fault: MachineFault) -> None:  # noqa: ARG002
        self.check(core, whole=True)

    def check(self, core: Core, whole: bool = False) -> None:
        """whole: compare the whole vspace.  Errors: InvariantError, OutOfStepError."""
        check_invariants(self._kernel)
        process = self._kernel.running[core.number]
        if process is None or process is not core.loaded or not core.backend.sync():
            return
        l1_pa = self._kernel.l1_pa(process)
        vspace, changed = self._vspaces.get(l1_pa), self._changed.pop(l1_pa, [])
        if whole or vspace is None or vspace.changes >= CHANGES or _pages_in(changed) > SHARE:
            self._compare_whole(core, l1_pa, changed)
        elif changed:
            self._compare(core, self._around(l1_pa, vspace, changed))
        elif l1_pa != self._at:
            self._compare(core, vspace.ends())
        self._at = l1_pa

    def _compare_whole(self, core: Core, l1_pa: int, changed: list[tuple[int, int]]) -> None:
        regions = regions_of(self._kernel.memory, self._devices, l1_pa)
        touched = {page for va, end in changed for page in range(va, end, PAGE_SIZE)}
        pages = self._pages(regions, touched)
        self._compare(core, pages)
        self._vspaces[l1_pa] = _Vspace(regions, sorted(pages.items()))

    def _around(
        self, l1_pa: int, vspace: _Vspace, changed: list[tuple[int, int]]
    ) -> dict[int, View]:
        """The pages that changed, those beside them, and a few others."""
        vspace.changes += 1
        expected: dict[int, View] = {}
        for va, end in changed:
            vspace.touched.update(range(va, end, PAGE_SIZE))
            first, last = max(va - PAGE_SIZE, 0), min(end + PAGE_SIZE, TOP)
            expected.update(dict.fromkeys(range(first, last, PAGE_SIZE), NOTHING))
            for one in regions_of(self._kernel.memory, self._devices, l1_pa, first, last):
                for at in range(0, one.length, PAGE_SIZE):
                    expected[one.va + at] = View(one.pa + at, one.rights)
        return vspace.sample() | expected

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


def _pages_in(ranges: list[tuple[int, int]]) -> int:
    return sum(end - va for va, end in ranges) // PAGE_SIZE
