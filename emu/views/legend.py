"""The legend of a drawing: which colour is whose."""

from __future__ import annotations

from emu.views.colours import of_process
from emu.views.svg import Drawing, text_width
from kernel_model.kernel import Kernel

_ROW = 24


def draw_legend(
    drawing: Drawing, kernel: Kernel, x: float, y: float, more: tuple[tuple[str, str], ...] = ()
) -> float:
    """A coloured square for each process, then ``more``: (name, colour); where to go on."""
    rows = [(f"process {pid}", of_process(pid)) for pid in kernel.processes]
    at = x
    for name, colour in (*rows, *more):
        if at > 900:
            at, y = x, y + _ROW
        drawing.box(at, y, 14, 14, colour, round_=2)
        drawing.text(at + 20, y + 11, name)
        at += text_width(name) + 44
    return y + 34
