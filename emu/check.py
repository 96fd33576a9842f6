"""``--check``: after each call the invariants hold, and Unicorn sees what the tables say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emu.cpu.engine import View
from emu.mmu.runs import backed, scan
from kernel_model.invariants import check_invariants
from kernel_model.memory import PAGE_MASK, PAGE_SIZE

if TYPE_CHECKING:
    from emu.machine import Machine

TOP = 1 << 32


class OutOfStepError(AssertionError):
    """Unicorn would translate a page otherwise than the guest's tables do: a mistake of ours."""


class Checker:
    """Checks a machine after each of its calls.

    Nothing that Unicorn sees can change without a descriptor or the vspace changing, so the
    whole vspace is compared after each call that changed one, page by page, and what was
    unmapped meanwhile with it.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._stale = True
        self._touched: set[int] = set()
        self._watch_the_host()

    def _watch_the_host(self) -> None:
        host = self.machine.host
        changed, vspace_changed = host.translation_changed, host.vspace_changed

        def translation_changed(l1_pa: int, va: int, length: int, was_mapped: bool) -> None:
            changed(l1_pa, va, length, was_mapped)
            self._stale = True
            self._touched.update(range(va & ~PAGE_MASK, va + length, PAGE_SIZE))

        def new_vspace(pid: int, l1: int) -> None:
            vspace_changed(pid, l1)
            self._stale = True

        host.translation_changed = translation_changed
        host.vspace_changed = new_vspace  # type: ignore[method-assign]

    def switched(self) -> None:
        """Another process runs now."""
        self._stale = True

    def check(self) -> None:
        """Errors: InvariantError, OutOfStepError."""
        check_invariants(self.machine.kernel)
        process = self.machine.kernel.current
        if self._stale and process is not None and process is self.machine.loaded:
            self._compare(self.machine.kernel.l1_pa(process))
            self._stale = False
            self._touched.clear()

    def _compare(self, l1_pa: int) -> None:
        expected = dict(self._mapped(l1_pa))
        beside = {va + step for va in expected for step in (-PAGE_SIZE, PAGE_SIZE)}
        nothing = View(-1, 0)
        for va in sorted(beside | self._touched | expected.keys()):
            if not 0 <= va < TOP:
                continue
            wanted = expected.get(va, nothing)
            found = self.machine.backend.view(va)
            if found != wanted:
                raise OutOfStepError(
                    f"page {va:#010x}: Unicorn has {found}, the tables have {wanted}"
                )

    def _mapped(self, l1_pa: int) -> Iterator[tuple[int, View]]:
        """Each page that user mode can reach, by the software walk."""
        ram = self.machine.ram.ram
        devices = tuple(self.machine.bus)
        for run in backed(scan(ram, l1_pa, 0, TOP), ram, devices):
            for offset in range(0, run.length, PAGE_SIZE):
                yield run.va + offset, View(run.pa + offset, run.rights)
