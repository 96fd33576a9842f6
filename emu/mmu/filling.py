"""What ``tlb`` and ``map`` share: Unicorn asks a fill hook for each translation it lacks."""

from __future__ import annotations

from collections.abc import Callable

from unicorn import unicorn_const as const

from emu.cpu.engine import Abort, Engine, View
from emu.cpu.hostram import HostRam
from emu.devices.bus import Device
from emu.mmu.backend import PAGE_MASK, PAGE_SIZE, MemoryFault
from emu.mmu.coherence import Coherence
from emu.mmu.fill import FILL_CFUNC
from emu.mmu.locate import Locator, describe_fault
from emu.mmu.pages import Spaces
from kernel_model.walk import Walk

Fill = Callable[[int, int, int, int, object], bool]


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
    ) -> None:
        self.fills = 0
        self.flushes = 0
        self._engine = engine
        self._spaces = Spaces(ram.ram, devices)
        self._coherence = Coherence(engine, remove_code)
        self._refused: tuple[int, int] | None = None
        self._asking = False
        engine.use_virtual_tlb(True)
        self._locator = Locator(engine, self._spaces)

    def _answer_fills(self, fill: Fill) -> None:
        self._engine.add_raw_hook(const.UC_HOOK_TLB_FILL, FILL_CFUNC(fill))

    def written(self, pa: int, length: int) -> None:
        for page_pa in range(pa & PAGE_MASK, pa + length, PAGE_SIZE):
            self._coherence.written(page_pa)

    def fault(self) -> MemoryFault:
        refused = None if self._engine.abort is Abort.DATA else self._refused
        return describe_fault(self._engine, self._spaces, self._locator, refused)

    def translate(self, va: int) -> Walk:
        return self._spaces.walk(va)

    def physical(self, va: int) -> int:
        return self._spaces.physical(va)

    def view(self, va: int) -> View:
        self._asking = True
        view = self._engine.view(va)
        self._asking = False
        self._engine.flush_page(va)
        return view

    def _flush(self) -> None:
        self._engine.flush_tlb()
        self._coherence.flushed()
        self.flushes += 1
