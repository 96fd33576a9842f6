"""``--check``: after each call the invariants hold, and Unicorn sees what the tables say."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from emu.cpu.engine import View
from emu.mmu.regions import Run, backed, coalesced, scan
from kernel_model.invariants import check_invariants
from kernel_model.memory import PAGE_BASE, PAGE_SIZE

if TYPE_CHECKING:
    from emu.machine.machine import Machine

TOP = 1 << 32


class OutOfStepError(AssertionError):
    """Unicorn would translate a page otherwise than the guest's tables do: a mistake of ours."""


class Checker:
    """Checks a machine after each of its calls.

    Nothing that Unicorn sees can change without a descriptor or the vspace changing.  So after
    a call that changed descriptors every page of the vspace is compared, and all that was unmapped
    with it; after a mere switch to a vspace compared before, the ends of each run of pages.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._compared: dict[int, list[Run]] = {}
        """For each L1 (pa) of which every page has been compared since it changed: its runs."""
        self._at = -1
        self._touched: defaultdict[int, set[int]] = defaultdict(set)
        """For each L1 (pa) the pages whose entries changed since it was compared."""
        self._watch_the_host()

    def _watch_the_host(self) -> None:
        host = self.machine.host
        changed = host.translation_changed

        def translation_changed(l1_pa: int, va: int, length: int, was_mapped: bool) -> None:
            changed(l1_pa, va, length, was_mapped)
            self._compared.pop(l1_pa, None)
            self._touched[l1_pa].update(range(va & PAGE_BASE, va + length, PAGE_SIZE))

        host.translation_changed = translation_changed

    def check(self) -> None:
        """Errors: InvariantError, OutOfStepError."""
        check_invariants(self.machine.kernel)
        process = self.machine.kernel.current
        if process is None or process is not self.machine.loaded:
            return
        l1_pa = self.machine.kernel.l1_pa(process)
        if l1_pa not in self._compared:
            runs = self._runs(l1_pa)
            self._compare(self._pages(runs, self._touched.pop(l1_pa, set())))
            self._compared[l1_pa] = runs
        elif l1_pa != self._at:
            self._compare(self._ends(self._compared[l1_pa]))
        self._at = l1_pa

    def _compare(self, expected: dict[int, View]) -> None:
        for va, wanted in sorted(expected.items()):
            found = self.machine.backend.view(va)
            if found != wanted:
                raise OutOfStepError(
                    f"page {va:#010x}: Unicorn has {found}, the tables have {wanted}"
                )

    def _pages(self, runs: list[Run], touched: set[int]) -> dict[int, View]:
        """Each page that user mode can reach, those beside them, and those that changed."""
        beside = {va for run in runs for va in (run.va - PAGE_SIZE, run.end) if 0 <= va < TOP}
        expected = dict.fromkeys(touched | beside, View(-1, 0))
        for run in runs:
            for offset in range(0, run.length, PAGE_SIZE):
                expected[run.va + offset] = View(run.pa + offset, run.rights)
        return expected

    def _ends(self, runs: list[Run]) -> dict[int, View]:
        """The first and the last page of each run."""
        return {
            run.va + offset: View(run.pa + offset, run.rights)
            for run in runs
            for offset in (0, run.length - PAGE_SIZE)
        }

    def _runs(self, l1_pa: int) -> list[Run]:
        """What user mode can reach, by the software walk."""
        ram, devices = self.machine.ram.ram, tuple(self.machine.bus)
        return coalesced(backed(scan(ram, l1_pa, 0, TOP), ram, devices))
