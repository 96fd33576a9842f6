"""The tree of mappings in the DOT language, for Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from emu.views.colours import of_process
from emu.views.tree import children, title, vspace_text
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel


def tree_dot(kernel: Kernel) -> str:
    """A graph: an edge from each table to what is installed (bold) or seen in it."""
    lines = [
        "digraph mappings {",
        "  rankdir=LR;",
        '  node [shape=box, style=filled, fontname="sans-serif"];',
        '  edge [fontname="monospace"];',
    ]
    for frame in kernel.frames.values():
        lines.append(f"  f{frame.f_id} [{_node(kernel, frame)}];")
    for frame in kernel.frames.values():
        if frame.is_table:
            lines += _edges(kernel, frame)
    return "\n".join([*lines, "}"]) + "\n"


def _node(kernel: Kernel, frame: Frame) -> str:
    lines = (title(kernel, frame), f"{frame.pa:#010x}", vspace_text(frame))
    label = "\\n".join(filter(None, lines))
    return f'label="{label}", fillcolor="{of_process(frame.owner)}"'


def _edges(kernel: Kernel, table: Frame) -> Iterator[str]:
    for child in children(kernel, table):
        label = f"{child.va:#010x}{child.rights}"
        style = ", style=bold" if child.is_table else ""
        yield f'  f{table.f_id} -> f{child.frame.f_id} [label="{label}"{style}];'
