"""The addresses at which Unicorn tells of accesses, so that others cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from emu.mmu.regions import regions_of
from emu.watchpoints.rewind import ACCESSES
from emu.watchpoints.watch import PHYSICAL, Span, Watch
from kernel_model.abi import NO_ID
from kernel_model.memory import PAGE_BASE, PAGE_SIZE

if TYPE_CHECKING:
    from emu.machine.core import Core
    from emu.machine.machine import Machine
    from kernel_model.process import Process

_REACH: Final = 7
"""An access of 8 bytes, Unicorn's longest, may begin so many bytes before what it reaches."""
_NOWHERE: Final = 1 << 40
"""No access has this address.  With a hook there, code is translated so that accesses are told."""


def pieces(core: Core, va: int, size: int) -> Iterator[Span]:
    """The physical pieces of [va, va + size): address (pa; -1 where nothing is mapped) and size."""
    end = va + size
    while va < end:
        part = min((va & PAGE_BASE) + PAGE_SIZE, end) - va
        yield core.backend.physical(va & 0xFFFFFFFF), part
        va += part


class Places:
    """The hooks of one machine at the addresses that matter to the process that runs.

    function: called for accesses there.  virtual: whether Unicorn tells virtual addresses.
    """

    def __init__(self, machine: Machine, function: Any, virtual: bool) -> None:
        self._machine, self._core = machine, machine.core
        self._function, self._virtual = function, virtual
        self._watches: tuple[Watch, ...] = ()
        self._always = -1
        self._hooks: dict[Span, int] = {}
        self._spans: dict[int, frozenset[Span]] = {}

    def watch(self, watches: Sequence[Watch]) -> None:
        """Have accesses to these told from now on, and to nothing else."""
        had, self._watches = bool(self._watches), tuple(watches)
        self.forget()
        if self._watches and not had:
            self._always = self._add(_NOWHERE, _NOWHERE)
        elif had and not self._watches:
            self._arrange(frozenset())
            self._core.engine.unicorn.remove_hook(self._always)

    def forget(self) -> None:
        """Some address space has changed."""
        self._spans.clear()

    def look(self, process: Process) -> None:
        """Put the hooks where this process, which runs next, would reach what is watched."""
        if process.l1 == NO_ID:
            return
        key = self._machine.kernel.l1_pa(process) << 32 | process.pid
        spans = self._spans.get(key)
        if spans is None:
            spans = self._spans[key] = frozenset(self._told(process))
        self._arrange(spans)

    def _arrange(self, spans: frozenset[Span]) -> None:
        for span in self._hooks.keys() - spans:
            self._core.engine.unicorn.remove_own_hook(self._hooks.pop(span), 0, 0)
        for span in sorted(spans - self._hooks.keys()):
            self._hooks[span] = self._add(span[0], span[1] - 1)

    def _add(self, first: int, last: int) -> int:
        return self._core.engine.unicorn.add_hook(ACCESSES, self._function, first, last)

    def _told(self, process: Process) -> Iterator[Span]:
        """The spans in which accesses to what is watched begin, in the addresses Unicorn tells."""
        for start, end in self._views(process):
            first = max(start - _REACH, 0)
            if self._virtual:
                yield first, end
                continue
            for pa, size in pieces(self._core, first, end - first):
                if pa >= 0:
                    yield pa, pa + size

    def _views(self, process: Process) -> Iterator[Span]:
        """Where what is watched is in the address space of the process (va)."""
        kernel = self._machine.kernel
        for watch in self._watches:
            if watch.pid == process.pid:
                yield watch.address, watch.address + watch.length
            if watch.pid != PHYSICAL:
                continue
            for region in regions_of(
                kernel.memory, tuple(self._machine.bus), kernel.l1_pa(process)
            ):
                start = max(watch.address, region.pa)
                end = min(watch.address + watch.length, region.pa + region.length)
                if start < end:
                    yield region.va + start - region.pa, region.va + end - region.pa
