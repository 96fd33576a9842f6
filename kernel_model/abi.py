"""Numbers the kernel and its programs agree on: types, flags, errors, structures, addresses.

The calls are rows of ``kernel_model.syscalls``.  ``kernel_model.cheader`` writes both into the C
header, so no number is typed twice.
Source: docs/kernel.md, "Structures" and "Errors".
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

MESSAGE_SIZE: Final = 64
NO_ID: Final = -1
"""The id of a table or view that is absent, in ``struct frame``; also: no process."""

LAST_F_ID: Final = (1 << 31) - 1
"""The highest frame id: ``struct frame`` and results hold ids in 32 bits with a sign."""

LAST_PID: Final = (1 << 30) - 1
"""The highest pid: bit 30 of what ``recv`` returns is FAULT_BIT."""

FAULT_BIT: Final = 1 << 30
"""Bit of what ``recv`` returns: the message reports a fault of that process (rule 15)."""

# The kernel's part of every address space: [KERNEL_VA, 4 GiB).
KERNEL_VA: Final = 0xF0000000
WINDOW_VA: Final = 0xFFF00000
"""Where core 0's window on page tables begins; core n's is n MiB below."""


class FrameType(IntEnum):
    """What a frame holds: device registers, memory, a process, or kernel objects."""

    IO = 1
    MEM = 2
    PROC = 3
    POOL = 4


class TableType(IntEnum):
    """The argument of ``frame_table``; also bits 1-2 of ``t_flags``."""

    NO = 0 << 1
    L1 = 1 << 1
    L2 = 2 << 1


TABLE_MAPPED: Final = 1 << 0
"""Bit of ``t_flags``: the table is installed in an L1, or is some process's current vspace."""

MAP_READ: Final = 1 << 0
MAP_WRITE: Final = 1 << 1
MAP_KIND_SHIFT: Final = 2
MAP_KIND_MASK: Final = 0xF << MAP_KIND_SHIFT
MAP_NOEXEC: Final = 1 << 6
MAP_ALL: Final = MAP_READ | MAP_WRITE | MAP_KIND_MASK | MAP_NOEXEC


class MapKind(IntEnum):
    """Bits 2-5 of the map flags, and the ``kind`` of ``frame_unmap``."""

    PAGE = 0 << MAP_KIND_SHIFT
    SECTION = 1 << MAP_KIND_SHIFT
    TABLE_L1 = 2 << MAP_KIND_SHIFT
    TABLE_L2 = 3 << MAP_KIND_SHIFT


class ProcState(IntEnum):
    """A process's state, as its information page shows it."""

    NEW = 0
    READY = 1
    SENDING = 2
    RECEIVING = 3
    DEAD = 4
    CALLING = 5
    """Waits in ``call`` for its message to be received."""
    AWAITING = 6
    """Waits in ``call`` for the reply."""
    FAULTED = 7
    """Waits for its handler to receive the report of its fault."""
    STOPPED = 8
    """Waits for its handler's answer."""
    READING = 9
    """Waits for console input."""


class DeathHow(IntEnum):
    """How a child has ended, as ``recv`` reports it to its parent.

    EXITED: by ``exit``, with that status.  FAULTED: by a fault; the status is its ``FaultKind``.
    """

    EXITED = 1
    FAULTED = 2


class FaultKind(IntEnum):
    """What the processor refused to do for a process."""

    MEMORY_ACCESS = 1
    UNDEFINED_INSTRUCTION = 2
    BREAKPOINT_INSTRUCTION = 3


class FaultAnswer(IntEnum):
    """The first word of the message by which a handler answers a fault."""

    RETRY = 0
    """Execute the instruction that faulted again."""
    END = 1
    REDIRECT = 2
    """Continue with the registers that the rest of the message holds."""


class Error(IntEnum):
    """Negative results: one name for each rule that a call can break."""

    ERR = -1
    NO_CALL = -2
    NO_FRAME = -3
    NO_PROCESS = -4
    BAD_POINTER = -5
    UNALIGNED = -6
    OUT_OF_RANGE = -7
    POOL_FULL = -8
    WRONG_TYPE = -9
    IS_TABLE = -10
    NOT_TABLE = -11
    TABLE_NOT_VISIBLE = -12
    TABLE_NOT_HUNG = -13
    TABLE_HUNG = -14
    TABLE_CURRENT = -15
    TABLE_NOT_EMPTY = -16
    TABLE_WRITABLE = -17
    NOT_VIEWED_READ_ONLY = -18
    NOT_MAPPED = -19
    MAPPED = -20
    ENTRY_IN_USE = -21
    KERNEL_SPACE = -22
    PAGE_ZERO = -23
    BAD_FLAGS = -24
    BAD_KIND = -25
    NOT_ADJACENT = -26
    NOT_ALIKE = -27
    NOT_ALLOWED = -28
    BAD_SIZE = -29
    NO_VSPACE = -30
    TO_SELF = -31
    PEER_DIED = -32
    NO_CREATE = -33
    OVERLAP = -34
    CONSOLE = -35
    NO_ID_LEFT = -36
    NOT_CALLING = -37
    PEER_FAULTED = -38


ERROR_MEANING: Final = {
    Error.ERR: "an error with no name of its own",
    Error.NO_CALL: "no call has this number",
    Error.NO_FRAME: "the caller owns no frame with this id",
    Error.NO_PROCESS: "no living process has this pid",
    Error.BAD_POINTER: "the caller could not make this access itself",
    Error.UNALIGNED: "an address, offset or length is not aligned as this call needs",
    Error.OUT_OF_RANGE: "an offset, index or address is outside what it points into",
    Error.POOL_FULL: "the account has no room for that many kernel objects",
    Error.WRONG_TYPE: "a frame of this type cannot be used so",
    Error.IS_TABLE: "the frame is a table",
    Error.NOT_TABLE: "the frame is not a table of the level this call needs",
    Error.TABLE_NOT_VISIBLE: "the table has no read-only page view in the caller's vspace",
    Error.TABLE_NOT_HUNG: "the L2 table is installed in no L1 table",
    Error.TABLE_HUNG: "the table is already installed in an L1 table",
    Error.TABLE_CURRENT: "the table is some process's current vspace",
    Error.TABLE_NOT_EMPTY: "the table still has entries",
    Error.TABLE_WRITABLE: "a table, or a process's frame, is never viewed writable",
    Error.NOT_VIEWED_READ_ONLY: "the frame has no read-only view in the caller's vspace",
    Error.NOT_MAPPED: "the frame has no mapping of this kind",
    Error.MAPPED: "the frame is mapped",
    Error.ENTRY_IN_USE: "a table entry that this call would fill is not empty",
    Error.KERNEL_SPACE: "the addresses reach into the kernel's part",
    Error.PAGE_ZERO: "page 0 is never mapped",
    Error.BAD_FLAGS: "these flags do not go together or do not exist",
    Error.BAD_KIND: "there is no such kind of mapping or table for this call",
    Error.NOT_ADJACENT: "the second frame does not start where the first ends",
    Error.NOT_ALIKE: "the frames' types or views differ",
    Error.NOT_ALLOWED: "the caller may not give to this process, or it is no child of the caller",
    Error.BAD_SIZE: "the frame does not have the size that this call needs",
    Error.NO_VSPACE: "the process has no vspace to run in",
    Error.TO_SELF: "a process cannot be its own partner in this call",
    Error.PEER_DIED: "the process waited for has ended",
    Error.NO_CREATE: "frames are created only by proc0 after a device-tree boot",
    Error.OVERLAP: "the range overlaps a frame or the kernel",
    Error.CONSOLE: "the console failed",
    Error.NO_ID_LEFT: "all ids of this kind have been used",
    Error.NOT_CALLING: "the process does not wait for a reply of the caller",
    Error.PEER_FAULTED: "the process has faulted: the caller, its handler, must receive that",
}

# struct frame: ten 32-bit words, in this order; ids are signed.
FRAME_FIELDS: Final = (
    "f_id", "type", "pa", "len", "t_id", "t_va", "t_flags", "v_id", "v_va", "v_flags",
)  # fmt: skip
FRAME_STRUCT: Final = "<iIIIiIIiII"

# struct proc_info: the first words of a process's information page.
PROC_INFO_FIELDS: Final = (
    "pid", "parent", "l1", "frames", "state", "calls", "sent", "received",
)  # fmt: skip
PROC_INFO_STRUCT: Final = "<iiiIIIII"

# struct death: what recv stores for a parent with PEER_DIED; zeros follow.
DEATH_FIELDS: Final = ("pid", "how", "status")
DEATH_STRUCT: Final = "<iIi"

# struct fault: the message that reports a fault to its handler.  sp, lr and r0 to r7 are the
# registers of the process; FaultRecord describes the other words.
FAULT_FIELDS: Final = (
    "kind", "va", "pc", "cpsr", "rights", "status", "sp", "lr",
    *(f"r{number}" for number in range(8)),
)  # fmt: skip
FAULT_STRUCT: Final = "<16I"

# struct fault_answer: the message that answers a fault.  With REDIRECT the process continues at pc,
# whose bit 0 selects Thumb, with these registers; lr, r8 to r12 and the flags stay.
ANSWER_FIELDS: Final = ("answer", "pc", "sp", *(f"r{number}" for number in range(8)))
ANSWER_STRUCT: Final = "<11I"

# struct boot_info: the start of the page whose address proc0 gets in r0.
BOOT_INFO_FIELDS: Final = (
    "kernel_start", "kernel_len", "dtb_start", "dtb_len", "intc_phandle",
)  # fmt: skip
BOOT_INFO_STRUCT: Final = "<5I256s"
BOOT_ARGS_SIZE: Final = 256

POOL_OBJECT_SIZE: Final = 64
"""Bytes of kernel memory that one frame or process record takes."""
