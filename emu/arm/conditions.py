"""Conditions of instructions."""

from __future__ import annotations

ALWAYS = 0b1110


def holds(condition: int, cpsr: int) -> bool:
    """Whether an instruction with this condition field executes with these flags.

    Arm ARM DDI 0406C, A8.3.
    """
    n, z, c, v = (cpsr >> at & 1 for at in (31, 30, 29, 28))
    tests = (z, c, n, v, c and not z, n == v, n == v and not z, True)
    return bool(tests[condition >> 1]) != bool(condition & 1 and condition < ALWAYS)
