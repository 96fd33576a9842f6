"""What ``tlb`` and ``map`` share: Unicorn asks a fill hook for each translation it lacks."""

from __future__ import annotations

from collections.abc import Callable

from emu.cpu.binding import View
from emu.cpu.engine import Engine
from emu.cpu.hostram import HostRam
from emu.devices.bus import Device
from emu.mmu.backend import MemoryFault, Refused
from emu.mmu.coherence import Coherence
from emu.mmu.fills import answer_fills, holding
from emu.mmu.growth import Growth
from emu.mmu.pages import PageCache
from kernel_model.memory import PAGE_BASE, PAGE_SIZE
from kernel_model.walk import Walk

FLUSHED_ALONE = 4096
"""Flushes of single pages, the last of which flushes the whole TLB.

For each page that is flushed alone and filled again, Unicorn's virtual TLB keeps some 30 bytes
until the whole TLB is flushed.  The Arm MMU's TLB keeps nothing.
"""


class FillingBackend:
    """A backend whose fill hook notes what it refuses in ``_refused``: page va and access.

    While ``_asking``, a fill grants just the access asked for, and is forgotten at once.
    """

    def __init__(
        self,
        engine: Engine,
        ram: HostRam,
        devices: tuple[Device, ...],
        remove_code: Callable[[int], None],
        virtual: bool = False,
    ) -> None:
        """virtual: whether Unicorn's physical addresses are the guest's virtual ones."""
        self.flushes = 0
        self._engine = engine
        self._unicorn = engine.unicorn
        self._pages = PageCache(ram, devices)
        self.memory = self._pages.memory
        engine.counter.see(self.memory)
        engine.alignment.see(self._pages)
        self._fills = answer_fills(engine.unicorn, self.memory, self._fill, virtual)
        engine.counter.trust(self._fills)
        self._coherence = Coherence(engine.unicorn, self._fills, remove_code)
        self._code = self._coherence.code
        self._refused: Refused | None = None
        self._asking = False
        self._growth = Growth(engine.unicorn, self._fills.ask)
        self._fills.due = self._growth.due
        self._unicorn.use_virtual_tlb(True)
        self._unicorn.most_flushed_alone = FLUSHED_ALONE

    @property
    def fills(self) -> int:
        return self._fills.count

    def _fill(self, uc: int, va: int, kind: int, entry: int, data: object) -> bool:
        """Answer a fill that the version of ``Fills`` in C does not answer itself."""
        raise NotImplementedError

    def written(self, pa: int, length: int) -> None:
        page_pa, end = pa & PAGE_BASE, pa + length
        if page_pa in self._code:
            self._coherence.code_written(page_pa)
        while (page_pa := page_pa + PAGE_SIZE) < end:
            if page_pa in self._code:
                self._coherence.code_written(page_pa)

    def reset(self) -> None:
        self._pages.forget_all()
        self._coherence.forget()
        self._unicorn.flush_blocks()
        self._flush()

    def fault(self) -> MemoryFault:
        from emu.mmu.fault import describe_fault

        return describe_fault(self._engine, self._pages, self._refused)

    def translate(self, va: int) -> Walk:
        return self._pages.walk(va)

    def physical(self, va: int) -> int:
        return self._pages.physical(va)

    def view(self, va: int) -> View:
        self._asking = True
        with holding(self._fills):
            view = self._unicorn.view(va)
        self._asking = False
        self._unicorn.flush_page(va)
        return view

    def _flush(self) -> None:
        fills, growth = self._fills, self._growth
        self._unicorn.flush_tlb()
        self._coherence.flushed()
        growth.flushed(fills.count)
        fills.due = growth.due
        self.flushes += 1

    def _grow(self) -> None:
        """Make the TLB larger, which empties it.  To be called inside a fill, before its answer."""
        self._growth.make_room(self.fills)
        self._fills.due = self._growth.due
        self._coherence.flushed()
        self.flushes += 1
