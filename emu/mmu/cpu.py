"""The ``cpu`` backend: Unicorn's own Arm MMU walks the guest's tables.

TTBR0 names the L1 table, all domains are clients, SCTLR.M is set: that programs run like this
proves that the tables are real ones.  Each fault's status must be the one the software walk gives.
"""

from __future__ import annotations

from unicorn import unicorn_const as const
from unicorn.unicorn_py3.unicorn import HOOK_MEM_INVALID_CFUNC

from emu.cpu.engine import Abort, Engine, View
from emu.cpu.hostram import HostRam
from emu.devices.bus import Device
from emu.mmu.abort import AbortReader
from emu.mmu.backend import PAGE_MASK, PAGE_SIZE, MemoryFault
from emu.mmu.fill import ACCESS, FILL_CFUNC, answer
from emu.mmu.ldrd import repair_base
from emu.mmu.locate import Locator, describe_fault
from emu.mmu.pages import Spaces
from emu.mmu.window import WINDOW, Window
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.walk import ALL_CLIENT, FaultStatus, Walk

_SCTLR_M = 1
_FEW_PAGES = 16
"""Up to so many pages are flushed, or their code removed, one by one."""


class CpuBackend:
    """Lets Unicorn's Arm MMU translate."""

    name = "cpu"

    def __init__(self, engine: Engine, ram: HostRam, devices: tuple[Device, ...]) -> None:
        self.fills = 0
        self.flushes = 0
        self._engine = engine
        self._spaces = Spaces(ram.ram, devices)
        self._window = Window(engine)
        self._refused: tuple[int, int] | None = None
        engine.map_ram(ram.ram.base, ram.ram.size, ram.address)
        for device in devices:
            engine.map_device(device.pa, device.size, device.read, device.write)
        self._notice_all_stores(ram.ram.base, ram.ram.base + ram.ram.size - 1)
        engine.add_raw_hook(const.UC_HOOK_TLB_FILL, FILL_CFUNC(self._fill))
        self._locator = Locator(engine, self._spaces)
        engine.write("ttbcr", 0)
        engine.write("dacr", ALL_CLIENT)
        engine.write("sctlr", engine.read("sctlr") | _SCTLR_M)
        engine.keep_as_fresh()
        self._aborts = AbortReader(engine, ram.ram)
        engine.after_restore = self._set_ttbr0

    def _notice_all_stores(self, first: int, last: int) -> None:
        """Make Unicorn look for translated code at each store to RAM.

        It does so, slowly, where a memory hook covers the address, even one that is never called:
        RAM is never refused a fetch by its region.  Without it, a store through one mapping
        does not always make code stale that ran through another.
        """
        hook = HOOK_MEM_INVALID_CFUNC(lambda *_: False)
        self._engine.add_raw_hook(const.UC_HOOK_MEM_FETCH_PROT, hook, first, last)

    # What the machine tells

    def switch(self, l1_pa: int) -> None:
        if l1_pa != self._spaces.l1_pa:
            self._spaces.switch(l1_pa)
            self._set_ttbr0()
            self._flush()

    def changed(self, l1_pa: int, va: int, length: int, was_mapped: bool) -> None:
        if not was_mapped:
            return
        self._spaces.forget(l1_pa, va, length)
        if l1_pa != self._spaces.l1_pa:
            return
        if length > _FEW_PAGES * PAGE_SIZE:
            self._flush()
        else:
            for page_va in range(va & PAGE_MASK, va + length, PAGE_SIZE):
                self._engine.flush_page(page_va)
                self.flushes += 1

    def written(self, pa: int, length: int) -> None:
        if length > _FEW_PAGES * PAGE_SIZE:
            self._engine.flush_blocks()
            return
        self._engine.use_virtual_tlb(True)
        for page_pa in range(pa & PAGE_MASK, pa + length, PAGE_SIZE):
            self._window.remove_code(page_pa)
        self._engine.use_virtual_tlb(False)

    # What the machine asks

    def fault(self) -> MemoryFault:
        if self._engine.abort is Abort.EXTERNAL:
            return self._nothing_there()
        pc = self._engine.pc
        va, status, is_write = self._aborts.read()
        found = self._spaces.walk(va)
        access = WRITE if is_write else READ
        if self._engine.abort is Abort.PREFETCH:
            access = EXEC
        if status is not FaultStatus.ALIGNMENT and found.refusal(access) is not status:
            raise AssertionError(f"the Arm MMU says {status.text}, the walk says {found}")
        if access == READ:
            repair_base(self._engine, self._spaces, va & PAGE_MASK)
        return MemoryFault(va, access, pc, found, status)

    def _nothing_there(self) -> MemoryFault:
        """Of an external abort Unicorn notes nothing: run it again over the software walk."""
        self._refused = None
        self._engine.use_virtual_tlb(True)
        self._engine.flush_tlb()
        self._engine.rehearse()
        fault = describe_fault(self._engine, self._spaces, self._locator, self._refused)
        self._engine.use_virtual_tlb(False)
        self._engine.flush_tlb()
        return fault

    def translate(self, va: int) -> Walk:
        return self._spaces.walk(va)

    def physical(self, va: int) -> int:
        return self._spaces.physical(va)

    def view(self, va: int) -> View:
        return self._engine.view(va)

    def _set_ttbr0(self) -> None:
        self._engine.write("ttbr0", max(self._spaces.l1_pa, 0))

    def _flush(self) -> None:
        self._engine.flush_tlb()
        self.flushes += 1

    # What Unicorn asks while the software walk is in the MMU's place

    def _fill(self, _uc: int, va: int, kind: int, entry: int, _data: object) -> bool:
        try:
            if self._window.pa is not None and va == WINDOW:
                return answer(entry, self._window.pa, EXEC)
            page, access = self._spaces.page(va), ACCESS[kind]
            if page is None or not page.rights & access:
                self._refused = va, access
                return False
            return answer(entry, page.pa, access)
        except BaseException as error:
            self._engine.fail(error)
            return False
