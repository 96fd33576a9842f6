"""The ``cpu`` backend: Unicorn's own Arm MMU walks the guest's tables.

TTBR0 names the L1 table, all domains are clients, SCTLR.M is set: that programs run like this
proves that the tables are real ones.  Each fault's status must be the one the software walk gives.
"""

from __future__ import annotations

from emu.cpu import unicorn_abi as const
from emu.cpu.binding import View
from emu.cpu.engine import Engine
from emu.cpu.fill import answer
from emu.cpu.hostram import HostRam
from emu.cpu.libunicorn import HOOK_MEM_INVALID_CFUNC
from emu.devices.bus import Device
from emu.mmu.backend import FEW_PAGES, MemoryFault
from emu.mmu.coherence import CodeWindow
from emu.mmu.fills import answer_fills
from emu.mmu.growth import Growth
from emu.mmu.pages import PageCache
from kernel_model.descriptors import EXEC
from kernel_model.memory import PAGE_BASE, PAGE_SIZE
from kernel_model.walk import ALL_CLIENT, Walk

_SCTLR_M = 1

_ENTRIES = 4096


class CpuBackend:
    """Lets Unicorn's Arm MMU translate."""

    name = "cpu"
    is_in_step = True

    def __init__(self, engine: Engine, ram: HostRam, devices: tuple[Device, ...]) -> None:
        self.fills = 0
        self.flushes = 0
        self._engine = engine
        self._unicorn = engine.unicorn
        self._pages = PageCache(ram, devices)
        self.memory = self._pages.memory
        engine.counter.see(self.memory)
        engine.alignment.see(self._pages)
        self._window = CodeWindow(engine.unicorn)
        self._unicorn.map_ram(ram.ram.base, ram.ram.size, ram.address)
        for device in devices:
            engine.hooks.map_device(device.pa, device.size, device.read, device.write)
        self._notice_all_stores(ram.ram.base, ram.ram.base + ram.ram.size - 1)
        self._fills = answer_fills(self._unicorn, self.memory, self._fill, virtual=False)
        self._fills.held = True
        engine.registers.write("ttbcr", 0)
        engine.registers.write("dacr", ALL_CLIENT)
        engine.registers.write("sctlr", engine.registers.read("sctlr") | _SCTLR_M)
        self._make_room()
        engine.keep_as_fresh()
        engine.after_restore = self._set_ttbr0

    def _make_room(self) -> None:
        """Make the TLB hold 16 MiB of pages from the start: a later lack would go unnoticed."""
        growth = Growth(self._unicorn, self._fills.ask)
        self._unicorn.use_virtual_tlb(True)
        while growth.size < _ENTRIES:
            growth.make_room(0)
        self._unicorn.use_virtual_tlb(False)

    def _notice_all_stores(self, first: int, last: int) -> None:
        """Make Unicorn look for translated code at each store to RAM.

        Unicorn does so, slowly, wherever a memory hook covers the address.  This one is never
        called, because no region of RAM refuses a fetch.  Without it a store through one mapping
        does not always remove code that ran through another.
        """
        hook = HOOK_MEM_INVALID_CFUNC(lambda *_: False)
        self._unicorn.add_hook(const.UC_HOOK_MEM_FETCH_PROT, hook, first, last)

    # What the machine tells

    def switch(self, l1_pa: int) -> None:
        if l1_pa != self._pages.l1_pa:
            self._pages.switch(l1_pa)
            self._set_ttbr0()
            self._flush()

    def changed(self, l1_pa: int, va: int, length: int, was_mapped: bool) -> None:
        if not was_mapped:
            return
        self._pages.forget(l1_pa, va, length)
        if l1_pa != self._pages.l1_pa:
            return
        if length > FEW_PAGES * PAGE_SIZE:
            self._flush()
        else:
            for page_va in range(va & PAGE_BASE, va + length, PAGE_SIZE):
                self._unicorn.flush_page(page_va)
                self.flushes += 1

    def written(self, pa: int, length: int) -> None:
        if length > FEW_PAGES * PAGE_SIZE:
            self._unicorn.flush_blocks()
            return
        self._unicorn.use_virtual_tlb(True)
        for page_pa in range(pa & PAGE_BASE, pa + length, PAGE_SIZE):
            self._window.remove_code(page_pa)
        self._unicorn.use_virtual_tlb(False)

    def sync(self) -> bool:
        return True

    def reset(self) -> None:
        self._pages.forget_all()
        self._unicorn.flush_blocks()
        self._flush()

    # What the machine asks

    def fault(self) -> MemoryFault:
        from emu.mmu.fault import describe_fault

        return describe_fault(self._engine, self._pages, None)

    def translate(self, va: int) -> Walk:
        return self._pages.walk(va)

    def physical(self, va: int) -> int:
        return self._pages.physical(va)

    def view(self, va: int) -> View:
        return self._unicorn.view(va)

    def _set_ttbr0(self) -> None:
        self._engine.registers.write("ttbr0", max(self._pages.l1_pa, 0))

    def _flush(self) -> None:
        self._unicorn.flush_tlb()
        self.flushes += 1

    # What Unicorn asks while the window is open

    def _fill(self, _uc: int, _va: int, _kind: int, entry: int, _data: object) -> bool:
        """Answers for the window alone: elsewhere the Arm MMU translates."""
        return self._window.pa is not None and answer(entry, self._window.pa, EXEC)
