"""The bits of an instruction as the manual has them."""

from __future__ import annotations


def encoding(word: int, thumb: bool) -> int:
    """The 32 bits of the instruction that is ``word`` in memory.

    In Thumb code these are two halfwords, the first of which is the upper one: Arm ARM DDI 0406C,
    A6.1.
    """
    return (word & 0xFFFF) << 16 | word >> 16 if thumb else word
