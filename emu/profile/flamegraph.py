"""A profile as a flame graph: one file that a browser opens, with nothing to fetch.

Boxes are functions, as wide as the instructions in them and in what they called; callers stand
beneath.  A click shows one box and what it called in full width; a click on the bottom, all again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple
from xml.sax.saxutils import escape
from zlib import crc32

from emu.profile.tree import Node

_WIDTH: Final = 1200
_ROW: Final = 18
_TOP: Final = 34
_CHARACTER: Final = 6.6
_NARROWEST: Final = 0.2
"""Pixels: what is narrower is left out, with what it called."""

_STYLE: Final = (
    "svg.flame{font:11px 'DejaVu Sans Mono',Menlo,Consolas,monospace;max-width:100%}"
    "svg.flame rect{stroke:#fff;stroke-width:.5}"
    "svg.flame g.box:hover rect{stroke:#000}"
    "svg.flame g.box{cursor:pointer}"
    "svg.flame text{pointer-events:none}"
    "svg.flame .title{font:bold 14px 'DejaVu Sans',Verdana,sans-serif}"
)

_SCRIPT: Final = """\
(function () {
  var boxes = Array.from(document.querySelectorAll("svg.flame g.box"));
  function show(root) {
    var x = +root.dataset.x, w = +root.dataset.w, y = +root.dataset.y;
    boxes.forEach(function (box) {
      var bx = +box.dataset.x, bw = +box.dataset.w;
      var inside = bx >= x - 1e-6 && bx + bw <= x + w + 1e-6;
      var beneath = bx <= x + 1e-6 && bx + bw >= x + w - 1e-6 && +box.dataset.y > y;
      box.style.display = inside || beneath ? "" : "none";
      var left = beneath ? 0 : (bx - x) / w * WIDTH, wide = beneath ? WIDTH : bw / w * WIDTH;
      var rect = box.querySelector("rect"), text = box.querySelector("text");
      rect.setAttribute("x", left); rect.setAttribute("width", wide);
      rect.setAttribute("fill-opacity", beneath ? 0.4 : 1);
      text.setAttribute("x", left + 3);
      var room = Math.floor((wide - 6) / CHARACTER), name = box.dataset.name;
      var whole = name.length <= room;
      text.textContent = room < 3 ? "" : whole ? name : name.slice(0, room - 2) + "..";
    });
  }
  boxes.forEach(function (box) { box.addEventListener("click", function () { show(box); }); });
})();
"""


class Box(NamedTuple):
    """A function in one place of the tree.  start, total: instructions, from the left on."""

    name: str
    depth: int
    start: int
    total: int
    own: int


def flame_svg(root: Node, title: str) -> str:
    """The drawing alone."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_drawing(root, title)}\n'


def flame_html(root: Node, title: str) -> str:
    """A page with the drawing."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title>'
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}</head>\n'
        f"<body>\n{_drawing(root, title)}\n</body>\n</html>\n"
    )


def boxes(root: Node) -> Iterator[Box]:
    """All of a tree, callers before what they called; of those called the first by name first."""
    totals = _totals(root)
    waiting = [(root, 0, 0)]
    while waiting:
        node, depth, start = waiting.pop()
        yield Box(node.name or "all", depth, start, totals[id(node)], node.instructions)
        at = start
        for child in sorted(node.children.values(), key=lambda one: one.name):
            waiting.append((child, depth + 1, at))
            at += totals[id(child)]


def _totals(root: Node) -> dict[int, int]:
    """Instructions in each node and what it called, by the node's identity."""
    order = [root]
    for node in order:
        order += node.children.values()
    totals: dict[int, int] = {}
    for node in reversed(order):
        called = sum(totals[id(child)] for child in node.children.values())
        totals[id(node)] = node.instructions + called
    return totals


def _drawing(root: Node, title: str) -> str:
    found = list(boxes(root))
    everything = max(found[0].total, 1)
    wide = _NARROWEST * everything / _WIDTH
    shown = [box for box in found if box.total >= wide or not box.depth]
    bottom = _TOP + _ROW * max(box.depth for box in shown)
    height = bottom + _ROW + 8
    script = _SCRIPT.replace("WIDTH", str(_WIDTH)).replace("CHARACTER", str(_CHARACTER))
    heading = f"{escape(title)}: {found[0].total:,} instructions"
    shapes = "\n".join(_shape(box, everything, bottom) for box in shown)
    return (
        f'<svg class="flame" xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" '
        f'height="{height}" viewBox="0 0 {_WIDTH} {height}">\n'
        f"<style>{_STYLE}</style>\n"
        f'<rect width="100%" height="100%" fill="#fff"/>\n'
        f'<text class="title" x="4" y="20">{heading}</text>\n'
        f"{shapes}\n<script>//<![CDATA[\n{script}//]]></script>\n</svg>"
    )


def _shape(box: Box, everything: int, bottom: int) -> str:
    x, width = box.start / everything * _WIDTH, box.total / everything * _WIDTH
    y = bottom - box.depth * _ROW
    share = f"{box.total:,} instructions, {box.total / everything:.1%}"
    own = f"; {box.own:,} of its own" if box.own != box.total else ""
    name = escape(box.name, {'"': "&quot;"})
    return (
        f'<g class="box" data-x="{x:.3f}" data-w="{width:.3f}" data-y="{y}" data-name="{name}">'
        f"<title>{name}: {share}{own}</title>"
        f'<rect x="{x:.3f}" y="{y}" width="{width:.3f}" height="{_ROW - 1}" rx="2" '
        f'fill="{_colour(box.name)}"/>'
        f'<text x="{x + 3:.3f}" y="{y + 13}">{escape(_cut(box.name, width))}</text></g>'
    )


def _cut(name: str, width: float) -> str:
    """As much of a name as a box has room for."""
    room = int((width - 6) / _CHARACTER)
    if room < 3:
        return ""
    return name if len(name) <= room else f"{name[: room - 2]}.."


def _colour(name: str) -> str:
    """A warm colour, always the same for a name."""
    mark = crc32(name.encode())
    return f"hsl({20 + mark % 36},{70 + mark // 64 % 20}%,{62 + mark // 4096 % 14}%)"
