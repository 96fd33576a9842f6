"""MSR with the mask bit x: user mode writes the E bit of the CPSR by it, and Unicorn does not.

Source: Arm ARM DDI 0406C, A8.8.111 (immediate), A8.8.112 (register), B1.3.3 (CPSRWriteByInstr).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

E_BIT: Final = 1 << 9

_BY_BYTE: Final = (0, E_BIT, 0x000F0000, 0xF8000000)
"""What user mode may write of each byte of the CPSR, the lowest first: E; GE; N, Z, C, V and Q."""
_X: Final = 0b0010


class StatusWrite(NamedTuple):
    """mask: the bits of the CPSR that are written.  register, or value: what is written."""

    mask: int
    register: int | None
    value: int = 0

    def result(self, cpsr: int, registers: Sequence[int]) -> int:
        """The CPSR after it."""
        value = self.value if self.register is None else registers[self.register]
        return cpsr & ~self.mask | value & self.mask


@lru_cache(maxsize=4096)
def status_write(word: int, thumb: bool) -> StatusWrite | None:
    """The instruction as an MSR that writes the byte x, or None.

    word: a Thumb instruction's first halfword in the upper half.
    """
    if thumb:
        found = word & 0xFFF0D020 == 0xF3808000
        return _made(word >> 8 & 0xF, word >> 16 & 0xF) if found else None
    if word >> 28 == 0b1111:
        return None
    if word & 0x0FF0FFF0 == 0x0120F000:
        return _made(word >> 16 & 0xF, word & 0xF)
    if word & 0x0FF0F000 == 0x0320F000:
        turns, byte = (word >> 8 & 0xF) * 2, word & 0xFF
        value = byte >> turns | byte << (32 - turns) & 0xFFFFFFFF
        return _made(word >> 16 & 0xF, None, value)
    return None


def _made(mask: int, register: int | None, value: int = 0) -> StatusWrite | None:
    if not mask & _X:
        return None
    written = sum(bits for at, bits in enumerate(_BY_BYTE) if mask >> at & 1)
    return StatusWrite(written, register, value)
