"""Calls that describe, cut and join frames, make them, and turn them into pool memory."""

from __future__ import annotations

import struct
from itertools import islice

from kernel_model.abi import FRAME_STRUCT, POOL_OBJECT_SIZE, Error, FrameType, MapKind
from kernel_model.calls.checks import (
    check_aligned,
    check_not_table,
    check_type,
    check_unmapped,
    frame_words,
)
from kernel_model.charges import ENTRY, pages
from kernel_model.descriptors import SECTION_SIZE
from kernel_model.errors import Refused
from kernel_model.events import FrameSplit
from kernel_model.frame import Frame
from kernel_model.kernel import PROC0, Kernel
from kernel_model.mapping import forget_view
from kernel_model.memory import PAGE_SIZE
from kernel_model.process import Process
from kernel_model.user import write


def frame_count(_kernel: Kernel, caller: Process) -> int:
    """How many frames the caller owns.  Source: docs/kernel.md, rule 2."""
    return len(caller.frames)


def frame_info(kernel: Kernel, caller: Process, index: int, pointer: int) -> int:
    """Describe the caller's ``index``-th frame, in order of arrival, at ``pointer``.

    Errors: OUT_OF_RANGE, BAD_POINTER.  Source: docs/kernel.md, rules 2 and 13.
    """
    count = len(caller.frames)
    if index >= count:
        raise Refused(
            Error.OUT_OF_RANGE, "index {index} of {count} frames", index=index, count=count
        )
    kernel.charge(index * ENTRY)
    f_id = next(islice(caller.frames, index, None))
    return frame_lookup(kernel, caller, f_id, pointer)


def frame_lookup(kernel: Kernel, caller: Process, f_id: int, pointer: int) -> int:
    """Describe the caller's frame ``f_id`` at ``pointer``.

    Errors: NO_FRAME, BAD_POINTER.  Source: docs/kernel.md, rule 13.
    """
    words = frame_words(kernel, kernel.frame_of(caller, f_id))
    write(kernel, caller, pointer, struct.pack(FRAME_STRUCT, *words))
    return 0


def frame_split(kernel: Kernel, caller: Process, f_id: int, offset: int) -> int:
    """Cut a frame in two and return the id of the upper part.

    offset: bytes from the frame's start, page aligned, strictly inside.  A page view
    stays whole: each part keeps its piece of it.
    Errors: NO_FRAME, IS_TABLE, WRONG_TYPE, UNALIGNED, OUT_OF_RANGE, POOL_FULL, NO_ID_LEFT.
    Source: docs/kernel.md, rule 4.
    """
    frame = kernel.frame_of(caller, f_id)
    check_not_table(frame)
    check_type(frame, FrameType.MEM, FrameType.IO)
    in_sections = frame.is_viewed and frame.view_kind is MapKind.SECTION
    check_aligned("offset", offset, SECTION_SIZE if in_sections else PAGE_SIZE)
    if not 0 < offset < frame.len:
        raise Refused(
            Error.OUT_OF_RANGE, "offset {offset:#x} is not inside {frame}",
            offset=offset, frame=frame,
        )  # fmt: skip
    kernel.check_room(caller)
    kernel.check_f_id()
    return _cut(kernel, caller, frame, offset).f_id


def _cut(kernel: Kernel, caller: Process, frame: Frame, offset: int) -> Frame:
    upper = kernel.add_frame(caller, frame.type, frame.pa + offset, frame.len - offset)
    frame.len = offset
    if frame.is_viewed:
        upper.v_id, upper.v_flags = frame.v_id, frame.v_flags
        upper.v_off = frame.v_off + offset
        kernel.frames[frame.v_id].views[upper.f_id] = None
    kernel.tell(FrameSplit(frame.f_id, upper.f_id))
    return upper


def frame_merge(kernel: Kernel, caller: Process, f1: int, f2: int) -> int:
    """Join the adjacent frame ``f2`` to the end of ``f1``; the id ``f2`` is gone.  Returns ``f1``.

    Both unmapped, or both viewed side by side in one table with the same flags.
    Errors: NO_FRAME, IS_TABLE, WRONG_TYPE, NOT_ADJACENT, NOT_ALIKE.
    Source: docs/kernel.md, rule 5.
    """
    lower, upper = kernel.frame_of(caller, f1), kernel.frame_of(caller, f2)
    for frame in (lower, upper):
        check_not_table(frame)
        check_type(frame, FrameType.MEM, FrameType.IO)
    if upper.pa != lower.end:
        raise Refused(
            Error.NOT_ADJACENT, "{upper} does not start where {lower} ends",
            upper=upper, lower=lower,
        )  # fmt: skip
    if upper.type is not lower.type or not _side_by_side(lower, upper):
        raise Refused(Error.NOT_ALIKE, "{f1} and {f2} differ in type or view", f1=lower, f2=upper)
    if upper.is_viewed:
        forget_view(kernel, upper)
    lower.len += upper.len
    kernel.remove_frame(upper, lower)
    return lower.f_id


def _side_by_side(lower: Frame, upper: Frame) -> bool:
    """Whether neither frame is viewed, or their views are adjacent parts of one view."""
    if not lower.is_viewed and not upper.is_viewed:
        return True
    return (lower.v_id, lower.v_off + lower.len, lower.v_flags) == (
        upper.v_id, upper.v_off, upper.v_flags,
    )  # fmt: skip


def frame_create(kernel: Kernel, caller: Process, start: int, length: int, type_: int) -> int:
    """Make a frame of a physical range, which the device tree names.  Returns its id.

    start, length: physical address and bytes, page aligned.  type_: IO, or MEM for RAM.
    Errors: NO_CREATE, WRONG_TYPE, UNALIGNED, OUT_OF_RANGE, OVERLAP, POOL_FULL, NO_ID_LEFT.
    Source: docs/kernel.md, "Boot"; rule 1.
    """
    if not kernel.is_device_tree_boot or caller.pid != PROC0:
        raise Refused(Error.NO_CREATE)
    if type_ not in (FrameType.IO, FrameType.MEM):
        raise Refused(Error.WRONG_TYPE, "type {type} is neither IO nor MEM", type=type_)
    check_aligned("start", start, PAGE_SIZE)
    check_aligned("length", length, PAGE_SIZE)
    in_ram = kernel.memory.contains(start, length)
    if not length or start + length > 1 << 32 or (type_ == FrameType.MEM and not in_ram):
        raise Refused(
            Error.OUT_OF_RANGE, "no memory at {start:#x}+{length:#x}", start=start, length=length
        )
    _check_nothing_there(kernel, start, length)
    kernel.check_room(caller)
    kernel.check_f_id()
    return kernel.make_frame(caller, FrameType(type_), start, length).f_id


def _check_nothing_there(kernel: Kernel, start: int, length: int) -> None:
    kernel.charge(len(kernel.frames) * ENTRY)
    taken = [(frame.pa, frame.end, str(frame)) for frame in kernel.frames.values()]
    taken.append((kernel.start, kernel.end, "the kernel"))
    for first, end, what in taken:
        if start < end and first < start + length:
            raise Refused(
                Error.OVERLAP, "{start:#x}+{length:#x} overlaps {what}",
                start=start, length=length, what=what,
            )  # fmt: skip


def frame_pool(kernel: Kernel, caller: Process, f_id: int) -> int:
    """Turn an unmapped MEM frame into room in the caller's account; returns for how many objects.

    Errors: NO_FRAME, IS_TABLE, WRONG_TYPE, MAPPED.  Source: docs/kernel.md, rule 3.
    """
    frame = kernel.frame_of(caller, f_id)
    check_not_table(frame)
    check_type(frame, FrameType.MEM)
    check_unmapped(frame)
    gained = frame.len // POOL_OBJECT_SIZE
    frame.type = FrameType.POOL
    caller.room += gained
    return gained


def frame_unpool(kernel: Kernel, caller: Process, f_id: int) -> int:
    """Turn pool memory back into memory, zeroed, if that much room is free in the account.

    Errors: NO_FRAME, WRONG_TYPE, POOL_FULL.  Source: docs/kernel.md, rule 3.
    """
    frame = kernel.frame_of(caller, f_id)
    check_type(frame, FrameType.POOL)
    lost = frame.len // POOL_OBJECT_SIZE
    kernel.check_room(caller, lost)
    caller.room -= lost
    frame.type = FrameType.MEM
    kernel.memory.zero(frame.pa, frame.len)
    kernel.charge(pages(frame.len))
    kernel.tell_written(frame.pa, frame.len)
    return 0
