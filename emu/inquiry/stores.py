"""Who stored there: the stores of programs and of the kernel to some bytes of RAM, last first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from emu.inquiry.answers import Answer, entry_now, entry_words, where_is
from emu.machine.observers import Observer
from emu.watchpoints.search import Search
from emu.watchpoints.watch import Hit, Watch
from kernel_model.descriptors import WRITE
from kernel_model.events import DescriptorsWritten, MemoryWritten

if TYPE_CHECKING:
    from emu.debuginfo import DebugFiles
    from emu.machine.machine import Machine
    from emu.recording.timeline import Timeline

_ENTRY = 4
"""Bytes of a descriptor."""


def stores(
    machine: Machine, debug: DebugFiles, timeline: Timeline, pa: int, length: int, before: int
) -> Iterator[Answer]:
    """Each store to [pa, pa + length) before a place, the last one first.

    The machine is then where it happens: before the instruction that stores, or after the call.
    """
    watch = Watch(WRITE, pa, length)
    search = Search(machine, (), [_KernelStores(machine.pause, watch)], [watch])
    timeline.undisturbed = search.undisturbed
    try:
        while timeline.find_last(before, search.go):
            before = timeline.now
            if search.hit is not None:
                yield _by_program(machine, debug, search.hit)
            else:
                yield _by_kernel(machine, debug, pa, length)
    finally:
        search.close()


def _by_program(machine: Machine, debug: DebugFiles, hit: Hit) -> Answer:
    ram, history = machine.ram.ram, machine.history
    old = int.from_bytes(ram.read(hit.pa, hit.size), "little")
    new = hit.value & (1 << 8 * hit.size) - 1
    what = (
        f"process {hit.pid} stores {new:#x} ({hit.size} byte{'s' * (hit.size > 1)}) "
        f"at {hit.va:#010x}, where {old:#x} was"
    )
    details = {"va": hit.va, "pa": hit.pa, "size": hit.size, "before": old, "after": new}
    where = where_is(machine, debug, hit.pid, hit.pc)
    return Answer(machine.instructions, history.made, hit.pid, what, where, details)


def _by_kernel(machine: Machine, debug: DebugFiles, pa: int, length: int) -> Answer:
    entry, history = entry_now(machine), machine.history
    now = machine.ram.ram.read(pa, length)
    what = f"the kernel stores, for {entry_words(machine, entry)}: {now.hex(' ')} now"
    core = machine.core
    where = ""
    if core.has_loaded(entry.pid):
        where = where_is(machine, debug, entry.pid, core.engine.registers.pc)
    details = {"pa": pa, "after": now.hex()}
    return Answer(machine.instructions, history.made, entry.pid, what, where, details)


class _KernelStores(Observer):
    """Pauses where the kernel stores to these bytes: into buffers, frames and tables."""

    rank: ClassVar[int] = 3

    def __init__(self, pause: Callable[[], None], watch: Watch) -> None:
        self._pause, self._watch = pause, watch

    def memory_written(self, event: MemoryWritten) -> None:
        self._look(event.pa, event.length)

    def descriptors_written(self, event: DescriptorsWritten) -> None:
        self._look(event.pa, len(event.new) * _ENTRY)

    def _look(self, pa: int, length: int) -> None:
        if self._watch.reaches(pa, length):
            self._pause()
