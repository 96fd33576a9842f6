"""Physical memory as a drawing: to scale on the left, each piece readable on the right."""

from __future__ import annotations

from math import log2
from typing import NamedTuple

from emu.decoding.roles import record_text
from emu.views.colours import KERNEL, draw_legend, of_process
from emu.views.grid import size_text
from emu.views.svg import Drawing
from emu.views.tree import SPECIAL, vspace_text
from kernel_model.abi import FrameType, TableType
from kernel_model.descriptors import rights_text
from kernel_model.frame import Frame
from kernel_model.kernel import KERNEL_SIZE, Kernel
from kernel_model.memory import PAGE_SIZE

MARGIN = 16
ADDRESS = 90
SCALE_WIDTH, GAP, WIDTH = 60, 70, 250
LEAST, STEP = 18, 4
"""A page's height, and how much more for each doubling."""


class Piece(NamedTuple):
    """A piece of physical memory: its contents and its owner."""

    pa: int
    size: int
    name: str
    note: str
    colour: str


def memory_svg(kernel: Kernel) -> str:
    """The drawing: RAM from low addresses at the top to high ones, then devices."""
    drawing = Drawing("physical memory")
    drawing.text(MARGIN, 26, "Physical memory: to scale, and piece by piece", "title")
    more = (("the kernel", KERNEL), ("no owner", "#ffffff"))
    y = draw_legend(drawing, kernel, MARGIN, 44, more)
    y = _draw_ram(drawing, kernel, _ram_pieces(kernel), y)
    for device in _device_pieces(kernel):
        y += 14
        _draw_piece(drawing, device, MARGIN + ADDRESS + SCALE_WIDTH + GAP, y)
        y += _height(device)
    return drawing.document()


def _draw_ram(drawing: Drawing, kernel: Kernel, pieces: list[Piece], top: float) -> float:
    total = sum(_height(piece) for piece in pieces)
    ram = kernel.memory
    scale_x = MARGIN + ADDRESS
    x = scale_x + SCALE_WIDTH + GAP
    y = top
    for piece in pieces:
        start = top + (piece.pa - ram.base) / ram.size * total
        end = start + piece.size / ram.size * total
        height = _height(piece)
        left, right = scale_x + SCALE_WIDTH, x
        drawing.area([(left, start), (right, y), (right, y + height), (left, end)], piece.colour)
        drawing.box(scale_x, start, SCALE_WIDTH, end - start, piece.colour, round_=0, stroke="none")
        _draw_piece(drawing, piece, x, y)
        y += height
    drawing.box(scale_x, top, SCALE_WIDTH, total, "none", round_=0)
    drawing.text(scale_x - 6, top + 10, f"{ram.base:08x}", "small", end=True)
    drawing.text(scale_x - 6, y, f"{ram.base + ram.size - 1:08x}", "small", end=True)
    return y


def _draw_piece(drawing: Drawing, piece: Piece, x: float, y: float) -> None:
    height = _height(piece)
    kind = "light" if piece.colour == KERNEL else ""
    drawing.box(x, y, WIDTH, height, piece.colour, round_=0)
    drawing.text(x + 8, y + height / 2 + 4, f"{piece.pa:08x}  {size_text(piece.size)}", kind)
    drawing.text(
        x + WIDTH + 10,
        y + height / 2 + 4,
        f"{piece.name}: {piece.note}" if piece.note else piece.name,
    )


def _height(piece: Piece) -> float:
    return LEAST + STEP * log2(max(1, piece.size / PAGE_SIZE))


def _ram_pieces(kernel: Kernel) -> list[Piece]:
    """All of RAM: the kernel's memory, frames, and what no frame covers."""
    ram = kernel.memory
    owned = [Piece(kernel.start, KERNEL_SIZE, "the kernel", "", KERNEL)]
    owned += [
        _piece(kernel, frame)
        for frame in kernel.frames.values()
        if ram.contains(frame.pa, frame.len)
    ]
    pieces: list[Piece] = []
    end = ram.base
    for piece in sorted(owned, key=lambda piece: piece.pa):
        if end < piece.pa:
            pieces.append(Piece(end, piece.pa - end, "no owner", "", "#ffffff"))
        pieces.append(piece)
        end = piece.pa + piece.size
    if end < ram.base + ram.size:
        pieces.append(Piece(end, ram.base + ram.size - end, "no owner", "", "#ffffff"))
    return pieces


def _device_pieces(kernel: Kernel) -> list[Piece]:
    frames = [frame for frame in kernel.frames.values() if frame.type is FrameType.IO]
    return [_piece(kernel, frame) for frame in sorted(frames, key=lambda frame: frame.pa)]


def _piece(kernel: Kernel, frame: Frame) -> Piece:
    name = f"frame {frame.f_id} of process {frame.owner}"
    return Piece(frame.pa, frame.len, name, _note(kernel, frame), of_process(frame.owner))


def _note(kernel: Kernel, frame: Frame) -> str:
    """The use of a frame: its table role, its view, and in whose vspace that is."""
    notes = []
    if frame.type is FrameType.PROC:
        notes.append(record_text(kernel, frame))
    elif frame.type is not FrameType.MEM:
        notes.append(SPECIAL[frame.type])
    if frame.table is not TableType.NO:
        span = f" for {frame.t_va:08x} on" if frame.is_installed else ""
        notes.append(f"{frame.table.name} table{span}")
    if frame.is_viewed:
        notes.append(f"{rights_text(frame.view_rights)} at {kernel.view_va(frame):08x}")
    l1 = _vspace(kernel, frame)
    vspace = "" if l1 is None else vspace_text(l1)
    if vspace:
        notes.append(vspace)
    return ", ".join(notes) or "not mapped"


def _vspace(kernel: Kernel, frame: Frame) -> Frame | None:
    """The L1 that a frame is, or is installed in, or is seen through."""
    if frame.table is TableType.L1:
        return frame
    if frame.is_installed:
        return kernel.frames[frame.t_id]
    return kernel.l1_over(kernel.frames[frame.v_id]) if frame.is_viewed else None
