"""The ``tlb`` backend: Unicorn asks for each translation it lacks, and the answer is a table walk.

Unicorn keeps the answers in its TLB, and the backend keeps the walked pages.  When descriptors
change, both forget what these had translated to.
"""

from __future__ import annotations

from emu.cpu.engine import Engine
from emu.cpu.fill import ACCESS, answer
from emu.cpu.hostram import HostRam
from emu.devices.bus import Device
from emu.mmu.backend import FEW_PAGES
from emu.mmu.coherence import WINDOW, CodeWindow
from emu.mmu.filling import FillingBackend
from emu.mmu.pages import Page
from kernel_model.descriptors import EXEC


class TlbBackend(FillingBackend):
    """Answers Unicorn's TLB fills by walking the guest's tables."""

    name = "tlb"
    is_in_step = True

    def __init__(self, engine: Engine, ram: HostRam, devices: tuple[Device, ...]) -> None:
        self._window = CodeWindow(engine.unicorn)
        super().__init__(engine, ram, devices, self._window.remove_code)
        engine.unicorn.map_ram(ram.ram.base, ram.ram.size, ram.address)
        for device in devices:
            engine.hooks.map_device(device.pa, device.size, device.read, device.write)

    def switch(self, l1_pa: int) -> None:
        if l1_pa != self._pages.l1_pa:
            self._pages.switch(l1_pa)
            self._flush()

    def changed(self, l1_pa: int, va: int, length: int, was_mapped: bool) -> None:
        if not was_mapped:
            return
        self._pages.forget(l1_pa, va, length)
        if l1_pa != self._pages.l1_pa:
            return
        gone = self._fills.filled(va, length)
        if len(gone) > FEW_PAGES:
            self._flush()
        else:
            for page_va in gone:
                self._unicorn.flush_page(page_va)
            self.flushes += len(gone)

    def sync(self) -> bool:
        return True

    # What Unicorn asks

    def _fill(self, _uc: int, va: int, kind: int, entry: int, _data: object) -> bool:
        try:
            if va == WINDOW and self._window.pa is not None:
                return answer(entry, self._window.pa, EXEC)
            access = ACCESS[kind]
            page = self._pages.page(va)
            if page is None or not page.rights & access:
                self._refused = va, access
                return False
            if self._asking:
                return answer(entry, page.pa, access)
            self._fills.count += 1
            if self._fills.count == self._fills.due:
                self._grow()
            if access != EXEC:
                self._engine.hooks.leave_it_block()
            return answer(entry, page.pa, self._grant(va, page, access))
        except BaseException as error:
            self._engine.control.fail(error)
            return False

    def _grant(self, va: int, page: Page, access: int) -> int:
        """The rights this fill puts into the TLB.  May be asked twice for one access."""
        if not page.is_ram:
            return page.rights
        return self._coherence.grant(va, page.pa, page.rights, page, access)
