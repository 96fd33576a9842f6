"""The instruction at an address of the current address space."""

from __future__ import annotations

from emu.mmu.pages import Spaces


def instruction_at(va: int, thumb: bool, spaces: Spaces) -> int:
    """The 32 bits at ``va``, a Thumb instruction's first halfword in the upper half.

    A halfword that cannot be read is 0.
    """
    first, second = _halfword(va, spaces), _halfword(va + 2, spaces)
    return first << 16 | second if thumb else second << 16 | first


def _halfword(va: int, spaces: Spaces) -> int:
    pa = spaces.physical(va)
    if not spaces.ram.contains(pa, 2):
        return 0
    return int.from_bytes(spaces.ram.read(pa, 2), "little")
