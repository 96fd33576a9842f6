"""Instructions other than SVCs that ask for semihosting: HLT, and BKPT of M-profile programs.

Unicorn ends the run at them: HLT is undefined on Armv7-A, and BKPT an exception.
Source: ARM-software/abi-aa, "Semihosting for AArch32 and AArch64", "The semihosting interface".
"""

from __future__ import annotations

from typing import Final

from emu.cpu.engine import Engine
from emu.cpu.memory import Memory
from emu.cpu.registers import THUMB_BIT, in_it_block
from emu.cpu.stop import Stop

_ARM_HLT: Final = (0xE10F0070).to_bytes(4, "little")
"""``hlt #0xf000``"""
_THUMB_HLT: Final = (0xBABC).to_bytes(2, "little")
"""``hlt #0x3c``"""
_BKPT: Final = (0xBEAB).to_bytes(2, "little")
"""``bkpt #0xab``"""


class SemihostingTraps:
    """What asks for semihosting on one core.

    has_bkpt: whether BKPT does, as in programs for M-profile processors.
    """

    def __init__(self, engine: Engine, memory: Memory) -> None:
        self._engine, self._memory = engine, memory
        self.has_bkpt = False
        self._size = 0

    def passes(self, reason: Stop) -> bool:
        """Whether a run that ended for this reason ended at such an instruction.

        Then it counts as executed, and the PC is past it.  In an IT block no such instruction is
        permitted.
        """
        pc, cpsr = self._engine.registers.position()
        code = self._code(reason, cpsr & THUMB_BIT != 0)
        if not code or in_it_block(cpsr) or self._memory.bytes_at(pc, len(code)) != code:
            return False
        self._size = len(code)
        self._move(self._size, 1)
        return True

    def go_back(self) -> None:
        """Go back to the instruction that was passed last, which is to be executed again."""
        self._move(-self._size, -1)

    def _code(self, reason: Stop, thumb: bool) -> bytes:
        if reason is Stop.BKPT:
            return _BKPT if thumb and self.has_bkpt else b""
        return _THUMB_HLT if thumb else _ARM_HLT

    def _move(self, size: int, count: int) -> None:
        engine = self._engine
        pc, cpsr = engine.registers.position()
        engine.registers.write("pc", pc + size | (1 if cpsr & THUMB_BIT else 0))
        if engine.hooks.counting:
            engine.counter.count += count
            engine.counter.next = pc + size
