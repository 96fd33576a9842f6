"""A host for tests: it remembers what it was told, and caches what a machine would cache.

A real machine keeps translations and translated code until the kernel says that they changed.
So does this one; ``check`` fails when something it still keeps is no longer true.
"""

from __future__ import annotations

from array import array

from kernel_model.descriptors import EXEC
from kernel_model.kernel import Kernel
from kernel_model.memory import PAGE_BASE, PAGE_SIZE, Ram
from kernel_model.walk import Walk, walk


class RecordingHost:
    """Answers the kernel; the lists keep each thing told, in order."""

    def __init__(self, ram: Ram) -> None:
        self.ram = ram
        self.console = b""
        self.input = b""
        self.is_ready = True
        self.vspaces: list[tuple[int, int]] = []
        self.changed: list[tuple[int, int, int, bool]] = []
        self.descriptors: list[tuple[int, int, list[int], list[int]]] = []
        self.written: list[tuple[int, int]] = []
        self.lives_in: dict[int, int] = {}
        self.tlb: dict[tuple[int, int], tuple[int, int]] = {}
        self.code: dict[int, bytes] = {}

    def console_write(self, data: bytes) -> None:
        self.console += data

    def console_ready(self) -> bool:
        return self.is_ready

    def console_read(self, length: int) -> bytes:
        data, self.input = self.input[:length], self.input[length:]
        return data

    def vspace_changed(self, pid: int, l1: int) -> None:
        self.vspaces.append((pid, l1))
        self.lives_in[pid] = l1

    def translation_changed(self, l1: int, va: int, length: int, was_mapped: bool) -> None:
        self.changed.append((l1, va, length, was_mapped))
        if was_mapped:
            gone = [key for key in self.tlb if key[0] == l1 and va <= key[1] < va + length]
            for key in gone:
                del self.tlb[key]

    def descriptors_written(self, pa: int, level: int, old: array[int], new: array[int]) -> None:
        self.descriptors.append((pa, level, old.tolist(), new.tolist()))

    def memory_written(self, pa: int, length: int) -> None:
        self.written.append((pa, length))
        self.stored(pa, length)

    def stored(self, pa: int, length: int) -> None:
        """Somebody stored there, the kernel or the guest: code from there is stale."""
        for page in range(pa & PAGE_BASE, pa + length, PAGE_SIZE):
            self.code.pop(page, None)

    def forget(self) -> None:
        """Forget what was told so far, but for the console."""
        for told in (self.vspaces, self.changed, self.descriptors, self.written):
            told.clear()

    def touch(self, l1: int, va: int) -> None:
        """Keep what a machine that uses ``va`` would keep: a TLB entry, and code."""
        self.keep(l1, va, walk(self.ram, l1, va))

    def keep(self, l1: int, va: int, found: Walk) -> None:
        """Keep what ``walk`` found."""
        if not found.user:
            return
        page = found.pa & PAGE_BASE
        self.tlb[l1, va & PAGE_BASE] = (page, found.user)
        if found.user & EXEC and self.ram.contains(page, PAGE_SIZE):
            self.code[page] = self.ram.read(page, PAGE_SIZE)

    def check(self, kernel: Kernel) -> None:
        """Everything that is kept is still true."""
        for (l1, va), kept in self.tlb.items():
            found = walk(self.ram, l1, va)
            now = (found.pa, found.user)
            assert now == kept, f"nobody flushed {va:#x} of {l1:#x}: {kept} is {now}"
        for page, code in self.code.items():
            assert self.ram.read(page, PAGE_SIZE) == code, f"code at {page:#x} is stale"
        for process in kernel.processes.values():
            if process.l1 in kernel.frames:
                assert self.lives_in[process.pid] == kernel.l1_pa(process)
