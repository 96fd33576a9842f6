"""Colours of processes in drawings, and their legend.

The colours can be told apart with colour blindness, too.
Source: Okabe and Ito, "Color Universal Design".
"""

from __future__ import annotations

from emu.views.svg import Drawing, text_width
from kernel_model.kernel import Kernel

_ROW = 24
"""Height of a row of the legend, in pixels."""

KERNEL = "#4d4d4d"
_PROCESSES = (
    "#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2",
)  # fmt: skip


def of_process(pid: int) -> str:
    """The colour of a process."""
    return _PROCESSES[pid % len(_PROCESSES)]


def draw_legend(
    drawing: Drawing, kernel: Kernel, x: float, y: float, more: tuple[tuple[str, str], ...] = ()
) -> float:
    """A coloured square for each process, then ``more``: (name, colour); returns the y below."""
    rows = [(f"process {pid}", of_process(pid)) for pid in kernel.processes]
    at = x
    for name, colour in (*rows, *more):
        if at > 900:
            at, y = x, y + _ROW
        drawing.box(at, y, 14, 14, colour, round_=2)
        drawing.text(at + 20, y + 11, name)
        at += text_width(name) + 44
    return y + 34
