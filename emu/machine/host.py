"""The machine's side of the kernel's questions: console, translation, stale code."""

from __future__ import annotations

from array import array
from collections.abc import Callable

from emu.environment.world import World
from emu.machine.history import Journal
from emu.mmu import Backend
from kernel_model.kernel import Kernel


class KernelHost:
    """Answers the kernel.  See ``kernel_model.host.Host``.

    journal: what is kept to explain faults.
    on_descriptors: told of each run of descriptors written, for traces.
    """

    def __init__(self, world: World, backend: Backend) -> None:
        self.world = world
        self.backend = backend
        self.journal = Journal()
        self.kernel: Kernel | None = None
        self.on_descriptors: Callable[[int, int, array[int], array[int]], None] | None = None
        self.console_write = world.write_output
        self.console_read = world.read_input
        self.translation_changed = backend.changed
        self.memory_written = backend.written

    def vspace_changed(self, pid: int, l1: int) -> None:
        kernel = self.kernel
        if kernel is not None and kernel.current is not None and kernel.current.pid == pid:
            self.backend.switch(l1)

    def descriptors_written(self, pa: int, level: int, old: array[int], new: array[int]) -> None:
        journal = self.journal
        journal.entries.append((journal.now, pa, level, len(new), old[0], new[0]))
        if self.on_descriptors is not None:
            self.on_descriptors(pa, level, old, new)
