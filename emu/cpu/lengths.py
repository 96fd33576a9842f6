"""Where instructions begin: every four bytes in Arm code, and in Thumb as their first bits say."""

from __future__ import annotations

from collections.abc import Callable

_LONG = 0xE800
"""From here on a halfword is the first of two: Arm ARM DDI 0406C, A6.1."""


def thumb_starts(va: int, size: int, halfword: Callable[[int], int]) -> list[int]:
    """The addresses of the Thumb instructions in [va, va + size), the first of which is at va.

    halfword(va): what is in memory there.
    """
    starts, end = [], va + size
    while va < end:
        starts.append(va)
        va += 4 if halfword(va) >= _LONG else 2
    return starts
