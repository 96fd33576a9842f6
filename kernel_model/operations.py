"""The kernel's operations, independent of any convention.

A convention gives an operation a number, a name and an order of arguments (``kernel_model.call``);
``kernel_model.handlers`` names the function that performs it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Operation(StrEnum):
    """The operations, by their names in docs/kernel.md."""

    SEND = "send"
    RECV = "recv"
    PROC_NEW = "proc_new"
    FRAME_SPLIT = "frame_split"
    FRAME_MERGE = "frame_merge"
    FRAME_GIVE = "frame_give"
    FRAME_MAP = "frame_map"
    FRAME_UNMAP = "frame_unmap"
    FRAME_ALLOW = "frame_allow"
    FRAME_COUNT = "frame_count"
    FRAME_INFO = "frame_info"
    FRAME_CREATE = "frame_create"
    FRAME_LOOKUP = "frame_lookup"
    FRAME_TABLE = "frame_table"
    VSPACE_SWAP = "vspace_swap"
    VSPACE_ID = "vspace_id"
    FRAME_POOL = "frame_pool"
    YIELD = "yield"
    EXIT = "exit"
    CONSOLE_WRITE = "console_write"
    CONSOLE_READ = "console_read"
    FAULT_HANDLER = "fault_handler"
    PROC_END = "proc_end"
    VSPACE_LEND = "vspace_lend"
    CALL = "call"
    REPLY = "reply"
    POOL_GIVE = "pool_give"
    FRAME_UNPOOL = "frame_unpool"
    THREAD_POINTER = "thread_pointer"
    NONE = "none"
    """The operation of an unknown number."""


_O = Operation

ASKING: Final = frozenset({_O.FRAME_COUNT, _O.FRAME_INFO, _O.FRAME_LOOKUP, _O.VSPACE_ID})
"""Operations that only return information."""

CHANGING: Final = frozenset({
    _O.PROC_NEW, _O.FRAME_SPLIT, _O.FRAME_MERGE, _O.FRAME_GIVE, _O.FRAME_MAP, _O.FRAME_UNMAP,
    _O.FRAME_CREATE, _O.FRAME_TABLE, _O.VSPACE_SWAP, _O.FRAME_POOL, _O.EXIT, _O.PROC_END,
    _O.VSPACE_LEND, _O.FRAME_UNPOOL,
})  # fmt: skip
"""Operations that can change frames, tables or descriptors, or make or end processes."""

PARAMETERS: Final[dict[Operation, tuple[str, ...]]] = {
    _O.SEND: ("pid", "msg"),
    _O.RECV: ("msg",),
    _O.PROC_NEW: ("f_id",),
    _O.FRAME_SPLIT: ("f_id", "offset"),
    _O.FRAME_MERGE: ("f1", "f2"),
    _O.FRAME_GIVE: ("f_id", "pid"),
    _O.FRAME_MAP: ("t_id", "f_id", "va", "flags"),
    _O.FRAME_UNMAP: ("f_id", "kind"),
    _O.FRAME_ALLOW: ("pid",),
    _O.FRAME_COUNT: (),
    _O.FRAME_INFO: ("index", "frame"),
    _O.FRAME_CREATE: ("start", "len", "type"),
    _O.FRAME_LOOKUP: ("f_id", "frame"),
    _O.FRAME_TABLE: ("f_id", "type"),
    _O.VSPACE_SWAP: ("pid", "f_id"),
    _O.VSPACE_ID: (),
    _O.FRAME_POOL: ("f_id",),
    _O.YIELD: (),
    _O.EXIT: ("status",),
    _O.CONSOLE_WRITE: ("ptr", "len"),
    _O.CONSOLE_READ: ("ptr", "len"),
    _O.FAULT_HANDLER: ("pid",),
    _O.PROC_END: ("pid", "status"),
    _O.VSPACE_LEND: ("pid", "f_id"),
    _O.CALL: ("pid", "msg"),
    _O.REPLY: ("pid", "msg"),
    _O.POOL_GIVE: ("pid", "count"),
    _O.FRAME_UNPOOL: ("f_id",),
    _O.THREAD_POINTER: ("va",),
    _O.NONE: (),
}
"""What each operation wants, in the kernel's own words, whatever a convention calls it.

t_id is the table to map in; f_id, f1 and f2 are the frames that an operation is about.
"""
