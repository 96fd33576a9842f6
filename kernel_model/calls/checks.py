"""Checks of frames that several calls share.  Each changes nothing and raises ``Refused``."""

from __future__ import annotations

from kernel_model.abi import NO_ID, TABLE_MAPPED, Error, FrameType, TableType
from kernel_model.errors import Refused
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel
from kernel_model.process import Process


def check_aligned(name: str, value: int, unit: int) -> None:
    """Errors: UNALIGNED, unless ``value`` is a multiple of ``unit``."""
    if value % unit:
        raise Refused(
            Error.UNALIGNED, "{name} {value:#x} is not a multiple of {unit:#x}",
            name=name, value=value, unit=unit,
        )  # fmt: skip


def check_type(frame: Frame, *types: FrameType) -> None:
    """Errors: WRONG_TYPE, unless the frame's type is one of ``types``."""
    if frame.type not in types:
        raise Refused(
            Error.WRONG_TYPE, "{frame} is not {types}",
            frame=frame, types=" or ".join(type_.name for type_ in types),
        )  # fmt: skip


def check_not_table(frame: Frame) -> None:
    """Errors: IS_TABLE."""
    if frame.is_table:
        raise Refused(
            Error.IS_TABLE, "{frame} is an {level} table", frame=frame, level=frame.table.name
        )


def check_table(frame: Frame, level: TableType) -> None:
    """Errors: NOT_TABLE, unless the frame is a table of this level."""
    if frame.table is not level:
        raise Refused(
            Error.NOT_TABLE, "{frame} is not an {level} table", frame=frame, level=level.name
        )


def check_unmapped(frame: Frame) -> None:
    """Errors: MAPPED, when the frame has a page view."""
    if frame.is_viewed:
        raise Refused(Error.MAPPED, "{frame} is viewed in table {v_id}", frame=frame,
                      v_id=frame.v_id)  # fmt: skip


def check_visible(kernel: Kernel, caller: Process, table: Frame) -> None:
    """Errors: TABLE_NOT_VISIBLE.  Source: docs/kernel.md, "Words"; rule 7."""
    if not is_viewed_by(kernel, caller, table):
        raise Refused(
            Error.TABLE_NOT_VISIBLE, "table {t_id} has no page view in vspace {l1}",
            t_id=table.f_id, l1=caller.l1,
        )  # fmt: skip


def is_viewed_by(kernel: Kernel, caller: Process, frame: Frame) -> bool:
    """Whether the frame's page view lies in the caller's current vspace."""
    if not frame.is_viewed or caller.l1 == NO_ID:
        return False
    l1 = kernel.l1_over(kernel.frames[frame.v_id])
    return l1 is not None and l1.f_id == caller.l1


def frame_words(kernel: Kernel, frame: Frame) -> tuple[int, ...]:
    """The ten words of ``struct frame``, in the order of FRAME_FIELDS."""
    t_flags = int(frame.table)
    if frame.is_installed or (frame.table is TableType.L1 and kernel.is_current(frame)):
        t_flags |= TABLE_MAPPED
    v_va = kernel.view_va(frame) if frame.is_viewed else 0
    return (
        frame.f_id, frame.type, frame.pa, frame.len, frame.t_id, frame.t_va, t_flags,
        frame.v_id, v_va, frame.v_flags,
    )  # fmt: skip
