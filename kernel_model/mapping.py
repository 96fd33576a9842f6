"""Views and tables: the effects that keep descriptors and frames' records consistent.

Every function is called after all checks.
"""

from __future__ import annotations

from array import array

from kernel_model.abi import (
    MAP_KIND_MASK,
    MAP_NOEXEC,
    MAP_WRITE,
    NO_ID,
    FrameType,
    MapKind,
    TableType,
)
from kernel_model.descriptors import (
    AP_USER_RO,
    AP_USER_RW,
    COARSE_SIZE,
    DEVICE,
    NORMAL,
    SECTION_SIZE,
    SMALL_PAGE_SIZE,
    Coarse,
    Section,
    SmallPage,
)
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel


def view_words(frame: Frame, flags: int) -> array[int]:
    """The entries of a page view of the frame with these map flags."""
    device = frame.type is FrameType.IO
    ap = AP_USER_RW if flags & MAP_WRITE else AP_USER_RO
    xn = 0 if frame.may_execute(flags) else 1
    memory = DEVICE if device else NORMAL
    section = flags & MAP_KIND_MASK == MapKind.SECTION
    make, unit = (Section, SECTION_SIZE) if section else (SmallPage, SMALL_PAGE_SIZE)
    first = make(frame.pa, ap, xn, memory).encode()
    return array("I", range(first, first + frame.view_len, unit))


def coarse_words(l2: Frame) -> array[int]:
    """The L1 entries for a whole L2 frame: one for each 1 KiB coarse table in it."""
    first = Coarse(l2.pa).encode()
    return array("I", range(first, first + l2.len, COARSE_SIZE))


def enter_view(kernel: Kernel, frame: Frame, table: Frame, offset: int, flags: int) -> None:
    """View a frame, which has no view, in ``table`` at ``offset`` from its first address."""
    frame.v_id, frame.v_off, frame.v_flags = table.f_id, offset, flags
    table.views[frame.f_id] = None
    words = view_words(frame, flags)
    kernel.editor.write(table, offset // frame.view_unit, words, kernel.l1_over(table))


def renew_view(kernel: Kernel, frame: Frame) -> None:
    """Write a frame's page view, if it has one, again after it became a table or stopped being one.

    That changes whether the view is executable; a NOEXEC view stays as it is.
    """
    if not frame.is_viewed or frame.v_flags & MAP_NOEXEC:
        return
    table = kernel.frames[frame.v_id]
    words = view_words(frame, frame.v_flags)
    kernel.editor.write(table, frame.v_off // frame.view_unit, words, kernel.l1_over(table))


def clear_view(kernel: Kernel, frame: Frame) -> None:
    """Remove a frame's page view and its entries."""
    table = kernel.frames[frame.v_id]
    unit = frame.view_unit
    l1 = kernel.l1_over(table)
    kernel.editor.clear(table, frame.v_off // unit, frame.view_len // unit, l1)
    forget_view(kernel, frame)


def forget_view(kernel: Kernel, frame: Frame) -> None:
    """Remove a view from the records: its entries are cleared or are now another frame's."""
    del kernel.frames[frame.v_id].views[frame.f_id]
    frame.v_id, frame.v_off, frame.v_flags = NO_ID, 0, 0


def install_table(kernel: Kernel, l2: Frame, l1: Frame, va: int) -> None:
    """Install an L2, which is installed nowhere, in an L1 at ``va``."""
    l2.t_id, l2.t_va = l1.f_id, va
    l1.installed[l2.f_id] = None
    kernel.editor.write(l1, va // SECTION_SIZE, coarse_words(l2), l1)


def remove_table(kernel: Kernel, l2: Frame) -> None:
    """Remove an L2 from the L1 that it is installed in; its own entries stay."""
    l1 = kernel.frames[l2.t_id]
    kernel.editor.clear(l1, l2.t_va // SECTION_SIZE, l2.len // COARSE_SIZE, l1)
    del l1.installed[l2.f_id]
    l2.t_id, l2.t_va = NO_ID, 0


def tree(kernel: Kernel, root: Frame) -> list[Frame]:
    """The frame and all frames mapped in it, directly or indirectly, each once, parents first."""
    found = {root.f_id: None}
    waiting = [root]
    while waiting:
        frame = waiting.pop()
        for f_id in (*frame.views, *frame.installed):
            if f_id not in found:
                found[f_id] = None
                waiting.append(kernel.frames[f_id])
    return [kernel.frames[f_id] for f_id in found]


def cut_loose(kernel: Kernel, frames: list[Frame]) -> None:
    """Remove frames from every table outside of the set (rule 9)."""
    inside = {frame.f_id for frame in frames}
    for frame in frames:
        if frame.is_viewed and frame.v_id not in inside:
            clear_view(kernel, frame)
        if frame.is_installed and frame.t_id not in inside:
            remove_table(kernel, frame)


def dissolve(kernel: Kernel, frames: list[Frame]) -> None:
    """Unmap all frames of a process, and turn its tables back into memory."""
    for frame in frames:
        if frame.is_viewed:
            clear_view(kernel, frame)
        if frame.is_installed:
            remove_table(kernel, frame)
    for frame in frames:
        if frame.is_table:
            kernel.editor.blank(frame)
            frame.table = TableType.NO
