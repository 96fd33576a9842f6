"""The machine's side of the kernel's questions: console, translation, stale code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emu.environment.outside import Outside
from emu.machine.core import Core
from emu.machine.history import KEPT_EVENTS, Happening, History
from emu.machine.observers import Observers
from kernel_model.events import (
    DescriptorsWritten,
    Event,
    MemoryWritten,
    ProcessEnded,
    ThreadPointerSet,
    TranslationChanged,
    VspaceChanged,
)


class KernelHost:
    """Answers the kernel, and passes its events on.  See ``kernel_model.host.Host``.

    ended: the pids of processes that have ended, until what is kept for them is dropped.
    """

    def __init__(
        self, outside: Outside, cores: list[Core], history: History, observers: Observers
    ) -> None:
        self._cores, self._history, self._observers = cores, history, observers
        self.console_write = outside.write_output
        self.console_read = outside.read_input
        self.console_ready = outside.is_input_ready
        self.ended: list[int] = []
        self._written = [core.backend.written for core in cores]
        self._changed = [core.backend.changed for core in cores]
        self._own: dict[type[Event], Callable[[Any], None]] = {
            **dict.fromkeys(KEPT_EVENTS, self._remember),
            ProcessEnded: self._process_ended,
            VspaceChanged: self._vspace_changed,
            ThreadPointerSet: self._thread_pointer_set,
            TranslationChanged: self._translation_changed,
            DescriptorsWritten: self._descriptors_written,
            MemoryWritten: self._memory_written,
        }

    def happened(self, event: Event) -> None:
        kind = type(event)
        own = self._own.get(kind)
        if own is not None:
            own(event)
        told = self._observers.of_kernel
        if told and kind in told:
            for tell in told[kind]:
                tell(event)

    def memory_written(self, pa: int, length: int) -> None:
        for written in self._written:
            written(pa, length)
        if self._observers.memory_written:
            event = MemoryWritten(pa, length)
            for tell in self._observers.memory_written:
                tell(event)

    def _memory_written(self, event: MemoryWritten) -> None:
        for written in self._written:
            written(*event)

    def _remember(self, event: Event) -> None:
        self._history.events.append(Happening(self._history.now, event))

    def _process_ended(self, event: ProcessEnded) -> None:
        self._remember(event)
        self.ended.append(event.pid)
        for core in self._cores:
            if core.engine.control.running:
                core.engine.stop()  # what it has open is closed before any program goes on

    def _vspace_changed(self, event: VspaceChanged) -> None:
        self._remember(event)
        for core in self._cores:
            if core.has_loaded(event.pid):
                core.backend.switch(event.l1_pa)

    def _thread_pointer_set(self, event: ThreadPointerSet) -> None:
        for core in self._cores:
            if core.has_loaded(event.pid):
                core.engine.registers.write("tpidruro", event.va)

    def _translation_changed(self, event: TranslationChanged) -> None:
        for changed in self._changed:
            changed(*event)

    def _descriptors_written(self, event: DescriptorsWritten) -> None:
        pa, level, old, new = event
        history = self._history
        history.writes.append((history.under_way, pa, level, len(new), old[0], new[0]))
        for written in self._written:
            written(pa, len(new) * 4)
