"""The ``tlb`` backend: Unicorn asks for each translation it lacks, and the answer is a table walk.

Unicorn keeps the answers in its TLB; whoever changes descriptors says so, and what they had
become is flushed.  Which rights an answer grants decides over speed and over stale code:

- Each store through a TLB entry that may also execute looks for translated code, for ever and
  slowly.  Of an entry that may not execute only the first store does.
- So loads and stores are answered without EXEC and fetches without WRITE, and a page gets both only
  once it really was both stored to and executed.
- ``_code`` has the physical pages that may have translated code.  Storing to one through an entry
  without EXEC (another mapping, or a page that was code in an earlier life) first removes that
  code; executing one flushes the entries through which it could be stored to.
"""

from __future__ import annotations

from typing import Any

from unicorn import unicorn_const as const
from unicorn.unicorn_py3.unicorn import uc_tlb_entry

from emu.cpu.engine import Engine, View
from emu.devices.bus import Device
from emu.mmu.backend import PAGE_MASK, PAGE_SIZE, MemoryFault
from emu.mmu.locate import ACCESS, FILL_CFUNC, Locator, describe_fault
from emu.mmu.spaces import Page, Spaces
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.memory import PhysicalMemory
from kernel_model.walk import Walk

_FEW_PAGES = 16
"""Up to so many pages are flushed one by one."""

_WINDOW = 0xFFFFF000
"""A page through which one physical page is shown to Unicorn to remove its code."""


class TlbBackend:
    """Answers Unicorn's TLB fills by walking the guest's tables."""

    name = "tlb"

    def __init__(
        self, engine: Engine, ram: PhysicalMemory, host_address: int, devices: tuple[Device, ...]
    ) -> None:
        self.fills = 0
        self.flushes = 0
        self._engine = engine
        self._spaces = Spaces(ram, devices)
        self._pages = self._spaces.pages
        self._code: set[int] = set()
        self._executable: dict[int, set[int]] = {}  # pa -> pages the TLB may fetch it through
        self._writable: dict[int, set[int]] = {}  # pa -> pages the TLB may store to it through
        self._entries: dict[int, Any] = {}
        self._window_pa: int | None = None
        self._refused: tuple[int, int] | None = None
        self._asking = False
        engine.use_virtual_tlb(True)
        engine.map_ram(ram.base, ram.size, host_address)
        for device in devices:
            engine.map_device(device.pa, device.size, device.read, device.write)
        self._hook = FILL_CFUNC(self._fill)
        engine.add_raw_hook(const.UC_HOOK_TLB_FILL, self._hook)
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
        if self._code:
            for page_pa in range(pa & PAGE_MASK, pa + length, PAGE_SIZE):
                if page_pa in self._code:
                    self._remove_code(page_pa)

    # What the machine asks

    def fault(self) -> MemoryFault:
        return describe_fault(self._engine, self._spaces, self._locator, self._refused)

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
            if self._window_pa is not None and va == _WINDOW:
                return self._answer(entry, self._window_pa, EXEC)
            access = ACCESS[kind]
            page = self._pages.get(va) or self._spaces.page(va)
            if page is None or not page.rights & access:
                self._refused = va, access
                return False
            self.fills += 1
            return self._answer(entry, page.pa, self._grant(va, page, access))
        except BaseException as error:
            self._engine.fail(error)
            return False

    def _answer(self, entry: int, pa: int, rights: int) -> bool:
        answer = self._entries.get(entry)
        if answer is None:
            answer = self._entries[entry] = uc_tlb_entry.from_address(entry)
        answer.paddr = pa
        answer.perms = rights
        return True

    def _grant(self, va: int, page: Page, access: int) -> int:
        """The rights this fill puts into the TLB.  May be asked twice for one access."""
        if self._asking:
            return access
        if not page.is_ram:
            return page.rights
        if access == EXEC:
            return self._grant_fetch(va, page)
        if not page.rights & WRITE:
            return READ
        if page.pa not in self._code:
            self._writable.setdefault(page.pa, set()).add(va)
            return READ | WRITE
        return READ if access == READ else self._grant_store_to_code(va, page)

    def _grant_fetch(self, va: int, page: Page) -> int:
        for other in self._writable.pop(page.pa, ()):
            if other != va:
                self._engine.flush_page(other)
        self._code.add(page.pa)
        self._executable.setdefault(page.pa, set()).add(va)
        page.executed = True
        return page.rights if page.written else page.rights & ~WRITE

    def _grant_store_to_code(self, va: int, page: Page) -> int:
        """The page was executed since its code was last removed."""
        if page.executed:
            page.written = True
            self._executable.setdefault(page.pa, set()).add(va)
            return page.rights
        self._remove_code(page.pa)
        for other in self._executable.pop(page.pa, ()):
            self._engine.flush_page(other)
        self._code.discard(page.pa)
        self._writable.setdefault(page.pa, set()).add(va)
        return READ | WRITE

    def _remove_code(self, pa: int) -> None:
        """Forget what was translated from the physical page ``pa``, wherever it is mapped."""
        self._window_pa = pa
        self._engine.flush_page(_WINDOW)
        self._engine.remove_blocks(_WINDOW, PAGE_SIZE)
        self._engine.flush_page(_WINDOW)
        self._window_pa = None

    def _flush(self) -> None:
        self._engine.flush_tlb()
        self._executable.clear()
        self._writable.clear()
        self.flushes += 1
