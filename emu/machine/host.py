"""The machine's side of the kernel's questions: console, translation, stale code."""

from __future__ import annotations

from array import array

from emu.environment.outside import Outside
from emu.machine.core import Core
from emu.machine.history import History, Written
from emu.machine.observers import Observers


class KernelHost:
    """Answers the kernel.  See ``kernel_model.host.Host``."""

    def __init__(
        self, outside: Outside, cores: list[Core], history: History, observers: Observers
    ) -> None:
        self._cores, self._history, self._observers = cores, history, observers
        self.console_write = outside.write_output
        self.console_read = outside.read_input
        self.console_ready = outside.is_input_ready

    def vspace_changed(self, pid: int, l1: int) -> None:
        for core in self._cores:
            if core.has_loaded(pid):
                core.backend.switch(l1)

    def translation_changed(self, l1: int, va: int, length: int, was_mapped: bool) -> None:
        for core in self._cores:
            core.backend.changed(l1, va, length, was_mapped)
        for tell in self._observers.translation:
            tell(l1, va, length)

    def descriptors_written(self, pa: int, level: int, old: array[int], new: array[int]) -> None:
        history = self._history
        history.written.append(Written(history.now, pa, level, len(new), old[0], new[0]))
        for tell in self._observers.descriptors:
            tell(pa, level, old, new)

    def memory_written(self, pa: int, length: int) -> None:
        for core in self._cores:
            core.backend.written(pa, length)
