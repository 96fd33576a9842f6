"""The kernel's rules in sentences: for each error of each operation, the rule that it broke.

The numbers are those of docs/kernel.md, "Rules".
"""

from __future__ import annotations

from typing import NamedTuple

from kernel_model.abi import Error
from kernel_model.operations import Operation


class Rule(NamedTuple):
    """A sentence, and the number of its rule; 0 when it stems from the description of a call.

    Operations in the sentence are in braces; ``CallTable.text`` replaces them by names.
    """

    number: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.sentence} (rule {self.number})" if self.number else self.sentence


def rule_of(operation: Operation, error: Error) -> Rule:
    """The rule that an operation broke when it was refused with this error."""
    return _OF_CALL.get((operation, error)) or _OF_ERROR[error]


_E, _O = Error, Operation
_OF_ERROR = {
    _E.ERR: Rule(0, "the kernel has no better name for this error"),
    _E.NO_CALL: Rule(0, "only the calls in the table exist"),
    _E.NO_FRAME: Rule(2, "a process handles only frames that it owns"),
    _E.NO_PROCESS: Rule(0, "a pid stands for a process that has not ended"),
    _E.BAD_POINTER: Rule(13, "a pointer is valid for what the caller itself could read or write"),
    _E.UNALIGNED: Rule(1, "frames are whole 4 KiB pages"),
    _E.OUT_OF_RANGE: Rule(7, "every target entry must be in the table's range"),
    _E.POOL_FULL: Rule(
        3,
        "the maker of a kernel object needs room for it: {frame_pool} and {pool_give} make room",
    ),
    _E.WRONG_TYPE: Rule(11, "PROC and POOL frames belong to the kernel"),
    _E.IS_TABLE: Rule(4, "tables cannot be cut, joined or used up"),
    _E.NOT_TABLE: Rule(6, "{frame_table} makes a table of a frame before it is used as one"),
    _E.TABLE_NOT_VISIBLE: Rule(
        7, "the kernel changes a table only for a caller whose current vspace shows it read-only"
    ),
    _E.TABLE_NOT_HUNG: Rule(7, "pages go into an L2 that is installed in an L1"),
    _E.TABLE_HUNG: Rule(7, "an L2 is installed in one place at a time"),
    _E.TABLE_CURRENT: Rule(9, "a vspace on which a process is running stays where it is"),
    _E.TABLE_NOT_EMPTY: Rule(6, "only an empty table becomes memory again"),
    _E.TABLE_WRITABLE: Rule(7, "a table, or a process's frame, is never viewed writable"),
    _E.NOT_VIEWED_READ_ONLY: Rule(
        6, "a frame that becomes a table is viewed read-only in the caller's vspace"
    ),
    _E.NOT_MAPPED: Rule(8, "a frame is unmapped by the kind that it is mapped as"),
    _E.MAPPED: Rule(11, "a frame that becomes the kernel's is mapped nowhere"),
    _E.ENTRY_IN_USE: Rule(7, "every target entry must be empty"),
    _E.KERNEL_SPACE: Rule(7, "the addresses from 0xf0000000 on are the kernel's"),
    _E.PAGE_ZERO: Rule(7, "page 0 is never mapped, so that null pointers fault"),
    _E.BAD_FLAGS: Rule(
        7, "a view needs READ, may add WRITE and NOEXEC; a TABLE_L2 takes no rights at all"
    ),
    _E.BAD_KIND: Rule(7, "kinds are PAGE, SECTION and TABLE_L2; an L1 is installed nowhere"),
    _E.NOT_ADJACENT: Rule(5, "the second frame starts where the first ends"),
    _E.NOT_ALIKE: Rule(
        5, "both frames are of one type, and both unmapped or both views of one mapping"
    ),
    _E.NOT_ALLOWED: Rule(
        9, "a process gives to its children, its siblings, and those that allow it by {frame_allow}"
    ),
    _E.BAD_SIZE: Rule(11, "a process is made of two pages at least"),
    _E.NO_VSPACE: Rule(11, "a process needs a vspace, by {vspace_swap}, before it starts"),
    _E.TO_SELF: Rule(0, "a process cannot wait for itself or give to itself"),
    _E.PEER_DIED: Rule(12, "when a process ends, those that wait for it get an error"),
    _E.NO_CREATE: Rule(1, "after the frames boot all memory already has frames"),
    _E.OVERLAP: Rule(1, "frames never overlap"),
    _E.CONSOLE: Rule(0, "the console works while the host's does"),
    _E.NOT_CALLING: Rule(
        12, "a reply goes to a process whose call the caller has received and not yet answered"
    ),
    _E.PEER_FAULTED: Rule(
        15, "a handler receives a fault, by {recv}, before it sends to the process that faulted"
    ),
    _E.NO_ID_LEFT: Rule(
        0, "an id is never used again: 2^31 frames and 2^30 processes can be made in all"
    ),
}

_OF_CALL = {
    (_O.FRAME_SPLIT, _E.UNALIGNED): Rule(
        4, "the offset is whole pages; of a frame seen as sections, whole MiBs"
    ),
    (_O.FRAME_SPLIT, _E.OUT_OF_RANGE): Rule(4, "the offset is inside the frame, not at its ends"),
    (_O.FRAME_SPLIT, _E.WRONG_TYPE): Rule(4, "PROC and POOL frames cannot be split"),
    (_O.FRAME_SPLIT, _E.IS_TABLE): Rule(4, "tables cannot be split"),
    (_O.FRAME_MERGE, _E.IS_TABLE): Rule(5, "tables cannot be joined"),
    (_O.FRAME_MERGE, _E.WRONG_TYPE): Rule(5, "PROC and POOL frames cannot be joined"),
    (_O.FRAME_TABLE, _E.UNALIGNED): Rule(6, "an L1 is 16 KiB aligned"),
    (_O.FRAME_TABLE, _E.BAD_SIZE): Rule(6, "an L1 is 16 KiB"),
    (_O.FRAME_TABLE, _E.WRONG_TYPE): Rule(6, "tables are made of MEM frames"),
    (_O.FRAME_TABLE, _E.IS_TABLE): Rule(6, "a frame is made a table once"),
    (_O.FRAME_TABLE, _E.TABLE_HUNG): Rule(6, "only a table installed nowhere becomes memory again"),
    (_O.FRAME_TABLE, _E.TABLE_CURRENT): Rule(6, "only an unused table becomes memory again"),
    (_O.FRAME_TABLE, _E.BAD_KIND): Rule(6, "table types are NO, L1 and L2"),
    (_O.FRAME_MAP, _E.UNALIGNED): Rule(
        7, "pages go to multiples of 4 KiB; sections and L2 tables to multiples of 1 MiB"
    ),
    (_O.FRAME_MAP, _E.NOT_TABLE): Rule(
        7, "PAGE goes into an L2 table, SECTION and TABLE_L2 into an L1; TABLE_L2 installs an L2"
    ),
    (_O.FRAME_MAP, _E.WRONG_TYPE): Rule(
        7, "POOL frames are never viewed, and PROC frames as no section"
    ),
    (_O.FRAME_UNMAP, _E.BAD_KIND): Rule(8, "the kind is PAGE, SECTION or TABLE_L2"),
    (_O.FRAME_GIVE, _E.WRONG_TYPE): Rule(9, "PROC and POOL frames stay with their process"),
    (_O.VSPACE_SWAP, _E.WRONG_TYPE): Rule(10, "PROC and POOL frames stay with their process"),
    (_O.VSPACE_SWAP, _E.NOT_TABLE): Rule(10, "a vspace is an L1 table"),
    (_O.VSPACE_SWAP, _E.NOT_ALLOWED): Rule(
        10, "a process's vspace is set by itself or by its parent, and by no other"
    ),
    (_O.VSPACE_LEND, _E.NOT_ALLOWED): Rule(10, "a process lends an L1 to its own children"),
    (_O.VSPACE_LEND, _E.NOT_TABLE): Rule(10, "a vspace is an L1 table"),
    (_O.PROC_END, _E.NOT_ALLOWED): Rule(12, "a process is ended by itself or by its parent"),
    (_O.FAULT_HANDLER, _E.NOT_ALLOWED): Rule(
        15,
        "a process's handler is its parent, its child or sibling, or one that allows it by"
        " {frame_allow}",
    ),
    (_O.FRAME_UNPOOL, _E.WRONG_TYPE): Rule(3, "only pool memory becomes memory again"),
    (_O.FRAME_UNPOOL, _E.POOL_FULL): Rule(
        3, "pool memory becomes memory again when that much room is free in its owner's account"
    ),
    (_O.POOL_GIVE, _E.POOL_FULL): Rule(3, "only free room moves to another account"),
    (_O.SEND, _E.BAD_KIND): Rule(15, "a fault is answered with ANSWER_RETRY, END or REDIRECT"),
    (_O.FRAME_POOL, _E.IS_TABLE): Rule(3, "pool memory is made of unmapped MEM frames, not tables"),
    (_O.FRAME_POOL, _E.WRONG_TYPE): Rule(3, "pool memory is made of unmapped MEM frames"),
    (_O.FRAME_POOL, _E.MAPPED): Rule(3, "pool memory is made of unmapped MEM frames"),
    (_O.PROC_NEW, _E.IS_TABLE): Rule(11, "a process is made of memory or of an L1, not of an L2"),
    (_O.PROC_NEW, _E.WRONG_TYPE): Rule(11, "a process is made of a MEM frame or of an L1 table"),
    (_O.FRAME_INFO, _E.OUT_OF_RANGE): Rule(2, "indexes count a process's frames from 0"),
    (_O.FRAME_CREATE, _E.OUT_OF_RANGE): Rule(1, "MEM frames are RAM"),
    (_O.FRAME_CREATE, _E.WRONG_TYPE): Rule(1, "created frames are IO or MEM"),
}  # fmt: skip
