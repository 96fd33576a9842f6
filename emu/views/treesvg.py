"""The tree of mappings as a drawing: tables to the left, what they map to the right."""

from __future__ import annotations

from emu.views.colours import draw_legend, of_process
from emu.views.svg import Drawing, text_width
from emu.views.tree import children, roots, title, vspace_text
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel

ROW, BOX = 26, 20
INDENT = 190
MARGIN = 16
LABEL = 118
"""Room for an address and rights on the line to a box."""


def tree_svg(kernel: Kernel) -> str:
    """The drawing: one tree per L1, then tables installed nowhere, then what is not mapped."""
    drawing = Drawing("mappings")
    drawing.text(MARGIN, 26, "Mappings: what is installed (bold) and seen in which table", "title")
    y = draw_legend(drawing, kernel, MARGIN, 44)
    loose = []
    for root in roots(kernel):
        if root.is_table:
            y = _Tree(kernel, drawing).draw(root, MARGIN, y) + ROW / 2
        else:
            loose.append(root)
    _draw_loose(kernel, drawing, loose, y)
    return drawing.document()


class _Tree:
    """The drawing of one tree."""

    def __init__(self, kernel: Kernel, drawing: Drawing) -> None:
        self.kernel, self.drawing = kernel, drawing

    def draw(self, table: Frame, x: float, y: float) -> float:
        """A table's box, with what it maps beside it, row by row; returns the y of the next row."""
        width = self._box(table, x, y)
        start = y
        trunk = x + width + 14
        row = y
        for child in children(self.kernel, table):
            middle = row + BOX / 2
            points = [(x + width, start + BOX / 2), (trunk, start + BOX / 2), (trunk, middle)]
            end = x + INDENT + LABEL
            self.drawing.path([*points, (end, middle)], bold=child.is_table)
            self.drawing.text(trunk + 6, middle - 3, f"{child.va:08x}{child.rights}", "small")
            if child.is_table:
                row = self.draw(child.frame, end, row)
            else:
                self._box(child.frame, end, row, again=child.frame.is_table)
                row += ROW
        return max(row, y + ROW)

    def _box(self, frame: Frame, x: float, y: float, again: bool = False) -> float:
        """A frame's box.  again: whether it is a table drawn elsewhere, viewed here as memory."""
        vspace = "" if again else vspace_text(frame)
        text = ", ".join(filter(None, (title(self.kernel, frame), vspace)))
        width = text_width(text) + 16
        self.drawing.box(x, y, width, BOX, of_process(frame.owner), dashed=again)
        self.drawing.text(x + 8, y + 14, text)
        return width


def _draw_loose(kernel: Kernel, drawing: Drawing, frames: list[Frame], y: float) -> None:
    """Frames that are mapped nowhere, side by side."""
    if not frames:
        return
    drawing.text(MARGIN, y + 14, "not mapped:")
    x: float = MARGIN + 100
    for frame in frames:
        text = title(kernel, frame)
        width = text_width(text) + 16
        if x + width > 1000:
            x, y = MARGIN + 100, y + ROW
        drawing.box(x, y, width, BOX, of_process(frame.owner))
        drawing.text(x + 8, y + 14, text)
        x += width + 10
