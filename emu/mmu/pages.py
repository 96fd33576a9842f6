"""Pages found by walking, kept for each address space until its descriptors change."""

from __future__ import annotations

from emu.cpu.hostram import HostRam
from emu.cpu.memory import make_memory
from emu.devices.bus import Device
from emu.mmu.coherence import Use
from kernel_model.descriptors import EXEC
from kernel_model.memory import PAGE_BASE, PAGE_OFFSET, PAGE_SIZE, PhysicalMemory
from kernel_model.walk import FaultStatus, Walk, walk


class Page(Use):
    """One virtual page of one address space, as the tables map it for user mode.

    rights: what user mode may do; 0 where neither RAM nor a device is at ``pa``.
    """

    __slots__ = ("is_ram", "pa", "rights")

    def __init__(self, found: Walk, is_ram: bool, is_device: bool) -> None:
        super().__init__()
        self.pa = found.pa
        self.is_ram = is_ram
        self.rights = found.user if is_ram else found.user & ~EXEC if is_device else 0


class PageCache:
    """The walked pages of every address space; those of the current one at hand.

    l1_pa: the L1 table of the current address space.  pages: its pages, by va.  memory: its RAM.
    Failed walks are not kept: filling an empty descriptor then needs nothing to be forgotten.
    """

    def __init__(self, host: HostRam, devices: tuple[Device, ...]) -> None:
        self.ram: PhysicalMemory = host.ram
        self.memory = make_memory(host)
        self.l1_pa = -1
        self.pages: dict[int, Page] = {}
        self._spaces: dict[int, dict[int, Page]] = {}
        self._device_pages = frozenset(
            pa for device in devices for pa in range(device.pa, device.pa + device.size, PAGE_SIZE)
        )

    def switch(self, l1_pa: int) -> None:
        """Make the address space whose L1 table is at ``l1_pa`` the current one."""
        if not self.pages:
            self._spaces.pop(self.l1_pa, None)
        self.l1_pa = l1_pa
        self.memory.use(l1_pa)
        self.pages = self._spaces.setdefault(l1_pa, {})

    def page(self, va: int) -> Page | None:
        """The page that holds ``va`` in the current address space, or None if a walk fails."""
        page_va = va & PAGE_BASE
        page = self.pages.get(page_va)
        if page is not None:
            return page
        found = walk(self.ram, self.l1_pa, page_va)
        if found.fault is not None:
            return None
        page = Page(found, self.ram.contains(found.pa, PAGE_SIZE), found.pa in self._device_pages)
        self.pages[page_va] = page
        return page

    def walk(self, va: int) -> Walk:
        """The walk for exactly this address in the current address space."""
        return walk(self.ram, self.l1_pa, va)

    def physical(self, va: int) -> int:
        """The physical address that user mode reads at ``va``, or -1."""
        pa = self.memory.physical(va)
        if pa >= 0:
            return pa
        page = self.page(va)
        return -1 if page is None or not page.rights else page.pa | va & PAGE_OFFSET

    def status(self, va: int, access: int) -> FaultStatus | None:
        """What fault this access is, or None if nothing forbids it."""
        refusal = self.walk(va).refusal(access)
        if refusal is not None:
            return refusal
        page = self.page(va)
        assert page is not None
        return None if page.rights & access else FaultStatus.EXTERNAL_ABORT

    def word(self, va: int) -> int | None:
        """The four bytes at ``va``, as user mode reads them; None where it cannot."""
        found = [self.physical(va + at & 0xFFFFFFFF) for at in range(4)]
        if not all(self.ram.contains(pa) for pa in found):
            return None
        return int.from_bytes(b"".join(self.ram.read(pa, 1) for pa in found), "little")

    def forget(self, l1_pa: int, va: int, length: int) -> list[int]:
        """Drop the pages in [va, va+length) of an address space; returns those that were kept."""
        self.memory.forget()
        pages = self._spaces.get(l1_pa)
        if not pages:
            return []
        first, end = va & PAGE_BASE, va + length
        if length // PAGE_SIZE <= len(pages):
            gone = [at for at in range(first, end, PAGE_SIZE) if at in pages]
        else:
            gone = [at for at in pages if first <= at < end]
        for at in gone:
            del pages[at]
        if not pages and l1_pa != self.l1_pa:
            del self._spaces[l1_pa]
        return gone

    def forget_all(self) -> None:
        """Drop the pages of every address space."""
        self.memory.forget()
        self._spaces = {self.l1_pa: self.pages}
        self.pages.clear()
