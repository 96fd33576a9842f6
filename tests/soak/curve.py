"""Curves of memory over a run, as one picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 300
LEFT: Final = 48
NAMES: Final = 150
BOTTOM: Final = 28
STEP: Final = 25 << 20
"""Between two lines of the grid, in bytes."""
COLOURS: Final = (
    "#1f77b4", "#5fa8dd", "#a8d1f0", "#2ca02c", "#67c667", "#aee3ae",
    "#d62728", "#ea6b6b", "#f5b0b0",
)  # fmt: skip


def curve(runs: Mapping[str, Sequence[int]]) -> str:
    """An SVG of resident bytes, from 0, by name of the run; each with as many samples."""
    top = (max(map(max, runs.values())) // STEP + 1) * STEP
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *_grid(top),
        *_lines(runs, top),
        "</svg>\n",
    ))  # fmt: skip


def _x(part: float) -> float:
    return round(LEFT + part * (WIDTH - LEFT - NAMES), 1)


def _y(value: float, top: int) -> float:
    return round((HEIGHT - BOTTOM) * (1 - value / top) + 4, 1)


def _grid(top: int) -> Iterator[str]:
    for value in range(0, top + 1, STEP):
        at = _y(value, top)
        yield f'<path d="M{_x(0)} {at}H{_x(1)}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 4}" y="{at + 4}" text-anchor="end">{value >> 20} MiB</text>'
    for tenth in range(0, 11, 2):
        at = _x(tenth / 10)
        yield f'<text x="{at}" y="{HEIGHT - 8}" text-anchor="middle">{tenth * 10} %</text>'


def _lines(runs: Mapping[str, Sequence[int]], top: int) -> Iterator[str]:
    for number, (name, samples) in enumerate(runs.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(
            f"{_x((at + 1) / len(samples))},{_y(value, top)}" for at, value in enumerate(samples)
        )
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        line = 20 + number * 16
        yield f'<path d="M{_x(1) + 10} {line - 4}h16" stroke="{colour}" stroke-width="3"/>'
        yield f'<text x="{_x(1) + 32}" y="{line}">{name}</text>'
