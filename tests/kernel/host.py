"""A host for tests: it remembers what it was told, and caches what a machine would cache.

A real machine keeps translations and translated code until the kernel says that they changed.
So does this one; ``check`` fails when something it still keeps is no longer true.
"""

from __future__ import annotations

from kernel_model.descriptors import EXEC
from kernel_model.events import (
    DescriptorsWritten,
    Event,
    FrameMade,
    FrameMerged,
    FrameMoved,
    FrameSplit,
    MemoryWritten,
    ProcessEnded,
    ProcessMade,
    TranslationChanged,
    VspaceChanged,
)
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
        self.events: list[Event] = []
        self.vspaces: list[tuple[int, int]] = []
        self.changed: list[tuple[int, int, int, bool]] = []
        self.descriptors: list[tuple[int, int, list[int], list[int]]] = []
        self.written: list[tuple[int, int]] = []
        self.lives_in: dict[int, int] = {}
        self.owners: dict[int, int] = {}
        self.living: set[int] = set()
        self.tlb: dict[tuple[int, int], tuple[int, int]] = {}
        self.code: dict[int, bytes] = {}

    def console_write(self, data: bytes) -> None:
        self.console += data

    def console_ready(self) -> bool:
        return self.is_ready

    def console_read(self, length: int) -> bytes:
        data, self.input = self.input[:length], self.input[length:]
        return data

    def happened(self, event: Event) -> None:
        self.events.append(event)
        self._retell(event)
        if isinstance(event, VspaceChanged):
            self.vspaces.append((event.pid, event.l1_pa))
            self.lives_in[event.pid] = event.l1_pa
        elif isinstance(event, TranslationChanged):
            self.changed.append(tuple(event))
            if event.was_mapped:
                self._flush(event.l1_pa, event.va, event.length)
        elif isinstance(event, DescriptorsWritten):
            pa, level, old, new = event
            self.descriptors.append((pa, level, old.tolist(), new.tolist()))
            self.written.append((pa, 4 * len(new)))
            self.stored(pa, 4 * len(new))
        elif isinstance(event, MemoryWritten):
            self.written.append(tuple(event))
            self.stored(*event)

    def memory_written(self, pa: int, length: int) -> None:
        self.happened(MemoryWritten(pa, length))

    def _retell(self, event: Event) -> None:
        """Keep what the events say of the processes there are, and of the owner of each frame."""
        match event:
            case ProcessMade(pid):
                self.living.add(pid)
            case ProcessEnded(pid):
                self.living.remove(pid)
            case FrameMade(f_id, owner):
                self.owners[f_id] = owner
            case FrameSplit(lower, upper):
                self.owners[upper] = self.owners[lower]
            case FrameMerged(_, gone):
                del self.owners[gone]
            case FrameMoved(f_id, giver, receiver):
                assert self.owners[f_id] == giver
                self.owners[f_id] = receiver

    def _flush(self, l1: int, va: int, length: int) -> None:
        gone = [key for key in self.tlb if key[0] == l1 and va <= key[1] < va + length]
        for key in gone:
            del self.tlb[key]

    def stored(self, pa: int, length: int) -> None:
        """Somebody stored there, the kernel or the guest: code from there is stale."""
        for page in range(pa & PAGE_BASE, pa + length, PAGE_SIZE):
            self.code.pop(page, None)

    def forget(self) -> None:
        """Forget what was told so far, except the console's output."""
        for told in (self.events, self.vspaces, self.changed, self.descriptors, self.written):
            told.clear()

    def look_again(self, kernel: Kernel) -> None:
        """The kernel has become another without telling: know what it knows."""
        self.owners = {f_id: frame.owner for f_id, frame in kernel.frames.items()}
        self.living = set(kernel.processes)

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
        if 0 in self.living:  # it has been told everything since the boot
            assert self.owners == {f_id: frame.owner for f_id, frame in kernel.frames.items()}
            assert self.living == kernel.processes.keys()
        for process in kernel.processes.values():
            if process.l1 in kernel.frames:
                assert self.lives_in[process.pid] == kernel.l1_pa(process)
