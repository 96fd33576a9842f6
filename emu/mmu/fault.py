"""What failed, after a run that ended with a fault: the exact address, the access, the status.

No instruction is run again to find that out: memory may have changed since the fault, and a store
would be made twice.  Unicorn noted the address, and a fill hook the page and the access that it
refused.
"""

from __future__ import annotations

from emu.arm.encoding import encoding
from emu.arm.exclusives import store_size
from emu.arm.ldrd import overlapping_load
from emu.cpu.engine import Engine
from emu.cpu.stop import Abort
from emu.mmu.backend import MemoryFault, Refused
from emu.mmu.pages import PageCache
from kernel_model.descriptors import EXEC, READ, WRITE
from kernel_model.memory import PAGE_BASE, PAGE_OFFSET, PAGE_SIZE
from kernel_model.walk import FaultStatus, mapped


def describe_fault(engine: Engine, pages: PageCache, refused: Refused | None) -> MemoryFault:
    """The fault that ended the last run.

    refused: what the backend's fill hook refused last; None if it has refused nothing.
    """
    pc = engine.registers.pc
    if pc & 2 and not engine.registers.thumb:  # also if the word's second half cannot be fetched
        return MemoryFault(pc, EXEC, pc, pages.walk(pc), FaultStatus.ALIGNMENT)
    misaligned = engine.alignment.found
    if misaligned is not None:
        va, access = misaligned
        return MemoryFault(va, access, pc, pages.walk(va), FaultStatus.ALIGNMENT)
    if engine.abort is Abort.EXTERNAL:
        fault = _nothing_there(engine, pages)
    elif engine.abort is Abort.REFUSED:
        fault = _refused(engine, pages, refused)
    else:
        fault = _aborted(engine, pages)
    begins_page = not fault.va & PAGE_OFFSET  # like the second word of an LDRD whose first was read
    if fault.access == READ and begins_page and fault.status is not FaultStatus.ALIGNMENT:
        restore_base(engine, pages, fault.va)
    return fault


def _refused(engine: Engine, pages: PageCache, refused: Refused | None) -> MemoryFault:
    """A TLB fill was refused."""
    pc = engine.registers.pc
    if refused is None:
        raise AssertionError(f"describe_fault: nothing was refused at pc {pc:#010x}")
    page, access = refused
    va = engine.noted.refused
    exact = va is not None and va & PAGE_BASE == page
    if va is None or not exact:
        va = page
    status = pages.status(va, access)
    if status is None:
        raise AssertionError(f"describe_fault: {va:#010x} was refused, but the tables allow it")
    return MemoryFault(va, access, pc, pages.walk(va), status, exact)


def _aborted(engine: Engine, pages: PageCache) -> MemoryFault:
    """The core itself refused: by its MMU, or for the alignment of an exclusive access.

    The FSR has FS in bits 10 and 3-0 and WnR in bit 11 (B4.1.52).
    """
    noted = engine.noted.abort()
    pc = engine.registers.pc
    if noted is None:
        raise AssertionError(f"describe_fault: no abort is noted at pc {pc:#010x}")
    va, fsr = noted
    status = FaultStatus(fsr >> 6 & 0x10 | fsr & 0xF)
    access = EXEC if engine.abort is Abort.PREFETCH else WRITE if fsr >> 11 & 1 else READ
    found = pages.walk(va)
    if status is FaultStatus.ALIGNMENT:
        access = WRITE if _is_exclusive_store(engine, pages) else access
    elif found.refusal(access) is not status:
        raise AssertionError(f"the Arm MMU says {status.text}, the walk says {found}")
    return MemoryFault(va, access, pc, found, status)


def _is_exclusive_store(engine: Engine, pages: PageCache) -> bool:
    """Whether an exclusive store is at the PC.  Unicorn begins it with a load, and says so."""
    pc, thumb = engine.registers.pc, engine.registers.thumb
    return store_size(encoding(pages.word(pc) or 0, thumb), thumb) is not None


def _nothing_there(engine: Engine, pages: PageCache) -> MemoryFault:
    """The Arm MMU translated the address to one without RAM or device; only that one is noted.

    If several pages are mapped there, it is not known which of them was accessed.
    """
    pc, access = engine.registers.pc, engine.access
    pa = engine.noted.refused
    if access == EXEC:
        first = pages.walk(pc)
        va = pc if pa is None or first.pa & PAGE_BASE == pa & PAGE_BASE else _next_page(pc)
        return MemoryFault(va, access, pc, pages.walk(va), FaultStatus.EXTERNAL_ABORT)
    places = [] if pa is None else _mapped_at(pages, pa)
    if not places:
        raise AssertionError(f"describe_fault: nothing is mapped to {pa} for pc {pc:#010x}")
    if len(places) > 1:
        return MemoryFault(-1, access, pc, None, FaultStatus.EXTERNAL_ABORT, exact=False)
    return MemoryFault(places[0], access, pc, pages.walk(places[0]), FaultStatus.EXTERNAL_ABORT)


def _next_page(va: int) -> int:
    return (va & PAGE_BASE) + PAGE_SIZE & 0xFFFFFFFF


def _mapped_at(pages: PageCache, pa: int) -> list[int]:
    """Where user mode sees a physical address (va)."""
    found = mapped(pages.ram, pages.l1_pa)
    return [one.va + pa - one.pa for one in found if one.user and one.pa <= pa < one.pa + one.size]


def restore_base(engine: Engine, pages: PageCache, page_va: int) -> None:
    """Give the LDRD at the PC, which could not read this page, its base register back.

    Unicorn loads its first register before its second access.  Where that register is also the
    base, a fault at the second word leaves the base overwritten, so that the instruction cannot be
    run again.  A processor restores it (Arm ARM DDI 0406C, B1.9.8).
    """
    core, thumb = engine.registers.core(), engine.registers.thumb
    load = overlapping_load(encoding(pages.word(core[15]) or 0, thumb), thumb, core)
    if load is None:
        return
    value = core[load.base]
    if (value + load.offset) & PAGE_BASE == page_va:
        return  # it was the first word that could not be read
    address = page_va - 4
    if pages.word(address) == value:
        engine.registers.write(f"r{load.base}", (address - load.offset) & 0xFFFFFFFF)
