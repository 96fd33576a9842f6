"""The role of a frame for its process, in a word: stack, code, data."""

from __future__ import annotations

from kernel_model.abi import FrameType, TableType
from kernel_model.descriptors import EXEC, WRITE
from kernel_model.frame import Frame

_TABLES = {TableType.L1: "L1 table", TableType.L2: "L2 table"}
_TYPES = {
    FrameType.IO: "device",
    FrameType.PROC: "process record",
    FrameType.POOL: "kernel objects",
}


def role_of(frame: Frame, is_seen: bool, is_stack: bool = False) -> str:
    """The role.  is_seen: whether its process sees it.  is_stack: whether SP points into it."""
    if frame.is_table:
        return _TABLES[frame.table]
    if frame.type is not FrameType.MEM:
        return _TYPES[frame.type]
    if not is_seen:
        return "memory"
    if is_stack:
        return "stack"
    if frame.view_rights & EXEC:
        return "code"
    return "data" if frame.view_rights & WRITE else "read-only data"
