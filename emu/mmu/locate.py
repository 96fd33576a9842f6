"""Finding the exact address of a failed access, which Unicorn keeps to itself.

A refused TLB fill says which page and which kind of access, not which byte.  A fetch is at the PC.
For loads and stores the instruction is run once more with the refused page answered by a physical
address where nothing is: the hook for such accesses says the offset, the access fails again, and
the processor's state is put back.
"""

from __future__ import annotations

from unicorn import unicorn_const as const
from unicorn.unicorn_py3.unicorn import HOOK_MEM_INVALID_CFUNC

from emu.cpu.engine import Engine
from emu.mmu.backend import PAGE_MASK, PAGE_OFFSET, PAGE_SIZE, MemoryFault
from emu.mmu.exclusive import exclusive_access
from emu.mmu.fill import ACCESS, FILL_CFUNC, answer
from emu.mmu.ldrd import repair_base
from emu.mmu.pages import Spaces
from kernel_model.descriptors import EXEC, READ
from kernel_model.walk import FaultStatus

_NOWHERE = 1 << 32
"""A physical address beyond all that can be mapped here."""


class Locator:
    """Says which byte an access that Unicorn refused began with."""

    def __init__(self, engine: Engine, spaces: Spaces) -> None:
        self._engine = engine
        self._spaces = spaces
        self._page: int | None = None
        self._offset: int | None = None
        # Added after the backend's own fill hook: asked only when that one refuses.
        engine.add_raw_hook(const.UC_HOOK_TLB_FILL, FILL_CFUNC(self._fill))
        kinds = const.UC_HOOK_MEM_READ_UNMAPPED | const.UC_HOOK_MEM_WRITE_UNMAPPED
        hook = HOOK_MEM_INVALID_CFUNC(self._reached)
        engine.add_raw_hook(kinds, hook, _NOWHERE, _NOWHERE + PAGE_SIZE - 1)

    def locate(self, page_va: int, access: int) -> int:
        """The address of the access to this page that the instruction at the PC was refused."""
        if access == EXEC:
            return self._engine.pc if self._engine.pc & PAGE_MASK == page_va else page_va
        exclusive = exclusive_access(self._engine, self._spaces)
        if exclusive is not None:
            return exclusive[0]
        return page_va | self._offset_in(page_va)

    def _offset_in(self, page_va: int) -> int:
        self._page, self._offset = page_va, None
        self._engine.rehearse()
        self._engine.flush_page(page_va)
        self._page = None
        offset: int | None = self._offset
        if offset is None:
            raise AssertionError(f"Locator: nothing accessed {page_va:#010x} this time")
        return offset

    def _fill(self, _uc: int, va: int, kind: int, entry: int, _data: object) -> bool:
        if va != self._page or self._offset is not None:
            return False
        return answer(entry, _NOWHERE, ACCESS[kind])

    def _reached(
        self, _uc: int, _kind: int, pa: int, _size: int, _value: int, _data: object
    ) -> bool:
        if self._offset is None:
            self._offset = pa & PAGE_OFFSET
        return False


def describe_fault(
    engine: Engine, spaces: Spaces, locator: Locator, refused: tuple[int, int] | None
) -> MemoryFault:
    """The fault that ended the last run.

    refused: page and access of the fill that failed, or None if the address was misaligned.
    """
    pc = engine.pc
    if refused is None:
        misaligned = exclusive_access(engine, spaces)
        if misaligned is None:
            raise AssertionError(f"describe_fault: nothing was refused at pc {pc:#010x}")
        va, access = misaligned
        return MemoryFault(va, access, pc, spaces.walk(va), FaultStatus.ALIGNMENT)
    page_va, access = refused
    if access == READ:
        repair_base(engine, spaces, page_va)
    va = locator.locate(page_va, access)
    status = spaces.status(va, access)
    if status is None:
        raise AssertionError(f"describe_fault: {va:#010x} was refused, but the tables allow it")
    return MemoryFault(va, access, pc, spaces.walk(va), status)
