"""The layout that all reports share: sections under titles, and registers in rows."""

from __future__ import annotations

from emu.cpu.registers import CORE, THUMB_BIT

_PER_LINE = 4
"""Registers in a row."""


def section(title: str, lines: list[str]) -> list[str]:
    """Lines under a title; no title without lines."""
    return [f"  {title}", *(f"    {line}" for line in lines)] if lines else []


def register_lines(values: tuple[int, ...]) -> list[str]:
    """Registers in rows; values: r0-r12, sp, lr, pc, cpsr."""
    cells = [f"{name:>4} {value:08x}" for name, value in zip(CORE, values, strict=True)]
    rows = [cells[start : start + _PER_LINE] for start in range(0, len(cells), _PER_LINE)]
    lines = ["  ".join(row) for row in rows]
    lines[-1] += f"  {psr_text(values[-1])}"
    return lines


def psr_text(cpsr: int) -> str:
    """The flags of the CPSR in letters, capital where set, and the instruction set."""
    flags = "".join(
        name.upper() if cpsr >> bit & 1 else name.lower()
        for name, bit in (("n", 31), ("z", 30), ("c", 29), ("v", 28), ("q", 27))
    )
    return f"{flags} {'Thumb' if cpsr & THUMB_BIT else 'Arm'}"
