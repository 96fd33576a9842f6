"""The role of a frame for its process, in a few words: stack, code, record of process 1."""

from __future__ import annotations

from kernel_model.abi import FrameType, TableType
from kernel_model.descriptors import EXEC, WRITE
from kernel_model.frame import Frame
from kernel_model.kernel import Kernel

_TABLES = {TableType.L1: "L1 table", TableType.L2: "L2 table"}
_TYPES = {
    FrameType.IO: "device",
    FrameType.POOL: "kernel objects",
}


def record_text(kernel: Kernel, frame: Frame) -> str:
    """Whose record a PROC frame is, e.g. ``record of process 1``."""
    for process in kernel.processes.values():
        if process.record == frame.f_id:
            return f"record of process {process.pid}"
        for death in process.deaths:
            if death.record == frame.f_id:
                return f"record of process {death.pid}, which has ended"
    return "record of a process"


def role_of(kernel: Kernel, frame: Frame, is_seen: bool, is_stack: bool = False) -> str:
    """The role.  is_seen: whether its process sees it.  is_stack: whether SP points into it."""
    if frame.is_table:
        return _TABLES[frame.table]
    if frame.type is FrameType.PROC:
        return record_text(kernel, frame)
    if frame.type is not FrameType.MEM:
        return _TYPES[frame.type]
    if not is_seen:
        return "memory"
    if is_stack:
        return "stack"
    if frame.view_rights & EXEC:
        return "code"
    return "data" if frame.view_rights & WRITE else "read-only data"
