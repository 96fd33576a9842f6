"""The ``tlb`` backend: Unicorn asks for each translation it lacks, and the answer is a table walk.

Unicorn keeps the answers in its TLB.  Whoever changes descriptors says so, and what they had become
is forgotten, here and there.
"""

from __future__ import annotations

from unicorn import unicorn_const as const

from emu.cpu.engine import Abort, Engine, View
from emu.cpu.hostram import HostRam
from emu.devices.bus import Device
from emu.mmu.backend import PAGE_MASK, PAGE_SIZE, MemoryFault
from emu.mmu.coherence import Coherence
from emu.mmu.fill import ACCESS, FILL_CFUNC, answer
from emu.mmu.locate import Locator, describe_fault
from emu.mmu.spaces import Page, Spaces
from emu.mmu.window import WINDOW, Window
from kernel_model.descriptors import EXEC
from kernel_model.walk import Walk

_FEW_PAGES = 16
"""Up to so many pages are flushed one by one."""


class TlbBackend:
    """Answers Unicorn's TLB fills by walking the guest's tables."""

    name = "tlb"

    def __init__(self, engine: Engine, ram: HostRam, devices: tuple[Device, ...]) -> None:
        self.fills = 0
        self.flushes = 0
        self._engine = engine
        self._spaces = Spaces(ram.ram, devices)
        self._pages = self._spaces.pages
        self._window = Window(engine)
        self._coherence = Coherence(engine, self._window.remove_code)
        self._asking = False
        self._refused: tuple[int, int] | None = None
        engine.use_virtual_tlb(True)
        engine.map_ram(ram.ram.base, ram.ram.size, ram.address)
        for device in devices:
            engine.map_device(device.pa, device.size, device.read, device.write)
        engine.add_raw_hook(const.UC_HOOK_TLB_FILL, FILL_CFUNC(self._fill))
        self._locator = Locator(engine, self._spaces)

    # What the machine tells

    def switch(self, l1_pa: int) -> None:
        if l1_pa != self._spaces.l1_pa:
            self._spaces.switch(l1_pa)
            self._pages = self._spaces.pages
            self._flush()

    def changed(self, l1_pa: int, va: int, length: int, was_mapped: bool) -> None:
        if not was_mapped:
            return
        gone = self._spaces.forget(l1_pa, va, length)
        if l1_pa != self._spaces.l1_pa or not gone:
            return
        if len(gone) > _FEW_PAGES:
            self._flush()
        else:
            for page_va in gone:
                self._engine.flush_page(page_va)
            self.flushes += len(gone)

    def written(self, pa: int, length: int) -> None:
        for page_pa in range(pa & PAGE_MASK, pa + length, PAGE_SIZE):
            self._coherence.written(page_pa)

    # What the machine asks

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

    # What Unicorn asks

    def _fill(self, _uc: int, va: int, kind: int, entry: int, _data: object) -> bool:
        try:
            if self._window.pa is not None and va == WINDOW:
                return answer(entry, self._window.pa, EXEC)
            access = ACCESS[kind]
            page = self._pages.get(va) or self._spaces.page(va)
            if page is None or not page.rights & access:
                self._refused = va, access
                return False
            self.fills += 1
            if access != EXEC:
                self._engine.leave_it_block()
            return answer(entry, page.pa, self._grant(va, page, access))
        except BaseException as error:
            self._engine.fail(error)
            return False

    def _grant(self, va: int, page: Page, access: int) -> int:
        """The rights this fill puts into the TLB.  May be asked twice for one access."""
        if self._asking:
            return access
        if not page.is_ram:
            return page.rights
        return self._coherence.grant(va, page.pa, page.rights, page, access)

    def _flush(self) -> None:
        self._engine.flush_tlb()
        self._coherence.flushed()
        self.flushes += 1
