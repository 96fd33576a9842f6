"""What Unicorn knows about an abort of its Arm MMU, and does not say: address and status.

Unicorn takes no exception, so DFAR, DFSR, IFAR and IFSR stay as they are.  But the walk notes both
among the processor's state, and a saved context is a copy of that.  Where in it, two aborts at
known addresses show: nothing else in the state has such values.
"""

from __future__ import annotations

from typing import NamedTuple

from emu.cpu.engine import Engine, Stop
from kernel_model.descriptors import AP_USER_RW, L1_ENTRIES, NORMAL, Section
from kernel_model.memory import PhysicalMemory
from kernel_model.walk import FaultStatus

_LDR = 0xE59017F8  # ldr r1, [r0, #0x7f8]
_OFFSET = 0x7F8
_BASES = (0x5AC3A5A4, 0xA53C5A58)


class AbortRecord(NamedTuple):
    """Address, status and direction of the last abort."""

    va: int
    status: FaultStatus
    is_write: bool


class AbortReader:
    """Reads Unicorn's own record of the last abort.

    Made while RAM is still all zeros and SCTLR.M is set; uses RAM's first bytes and zeroes them.
    """

    def __init__(self, engine: Engine, ram: PhysicalMemory) -> None:
        self._engine = engine
        self._context = engine.new_context()
        self._at = self._find(ram)

    def read(self) -> AbortRecord:
        """The abort that ended the last run."""
        state = self._state()
        fsr = int.from_bytes(state[self._at - 4 : self._at], "little")
        va = int.from_bytes(state[self._at : self._at + 4], "little")
        # B4.1.52: FS is bits 10 and 3-0, WnR is bit 11.
        return AbortRecord(va, FaultStatus(fsr >> 6 & 0x10 | fsr & 0xF), bool(fsr >> 11 & 1))

    def _state(self) -> bytes:
        self._engine.save(self._context)
        return self._context.copy()

    def _find(self, ram: PhysicalMemory) -> int:
        """Where the address is in a saved context.  The status is the word before it."""
        code_pa = ram.base + L1_ENTRIES * 4
        ram.write_word(ram.base, Section(ram.base, AP_USER_RW, 0, NORMAL).encode())
        ram.write_word(code_pa, _LDR)
        places = set.intersection(*(self._places(ram.base, base) for base in _BASES))
        ram.write_word(ram.base, 0)
        ram.write_word(code_pa, 0)
        self._engine.flush_blocks()
        self._engine.flush_tlb()
        if len(places) != 1:
            raise AssertionError(f"AbortReader: an abort's address is at {sorted(places)}")
        return places.pop()

    def _places(self, l1_pa: int, base: int) -> set[int]:
        """Where a saved context has the address of an abort that is provoked with this base."""
        self._engine.start_at(L1_ENTRIES * 4, 0, (base,))
        self._engine.write("ttbr0", l1_pa)
        stop = self._engine.run()
        if stop is not Stop.FAULT:
            raise AssertionError(f"AbortReader: a load from nowhere ended with {stop}")
        state, address = self._state(), (base + _OFFSET).to_bytes(8, "little")
        return {at for at in range(0, len(state) - 7, 4) if state[at : at + 8] == address}
