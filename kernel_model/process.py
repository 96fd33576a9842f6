"""A process: its frames, its vspace, what it waits for and how it continues."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from kernel_model.abi import (
    DEATH_STRUCT,
    FAULT_STRUCT,
    MESSAGE_SIZE,
    NO_ID,
    DeathHow,
    Error,
    FaultKind,
    ProcState,
)


class Start(NamedTuple):
    """Begin a process: pc (bit 0 selects Thumb), sp and the first four registers."""

    pc: int
    sp: int
    r0: int = 0
    r1: int = 0
    r2: int = 0
    r3: int = 0


class Result(NamedTuple):
    """Continue after a call that blocked or yielded, with this in r0."""

    r0: int


class Failed(NamedTuple):
    """Continue after a call that blocked and then failed.  r0: the error in the convention."""

    error: Error
    r0: int


class Registers(NamedTuple):
    """Continue with all registers as given: r0-r12, sp, lr, pc, cpsr; its T bit selects Thumb."""

    words: tuple[int, ...]


class Redirect(NamedTuple):
    """Continue elsewhere after a fault: pc (bit 0 selects Thumb), sp, r0-r7; the rest stays."""

    pc: int
    sp: int
    registers: tuple[int, ...]


Resume = Start | Result | Failed | Registers | Redirect
"""How a process continues, other than exactly where it was."""


class Exited(NamedTuple):
    """The process called ``exit``."""

    status: int


class Faulted(NamedTuple):
    """The process faulted and no handler let it continue.  why: one line for people."""

    why: str
    kind: FaultKind = FaultKind.MEMORY_ACCESS


class Ended(NamedTuple):
    """Another process ended it: its parent by ``proc_end``, or its lender by ending itself."""

    by: int
    status: int


Ending = Exited | Faulted | Ended


class Death(NamedTuple):
    """The end of a child, kept until its parent is told.

    record: id of its PROC frame, which its parent owns now, or NO_ID when its record is a pool
    object.  Either stays in use until the parent is told.
    """

    pid: int
    how: DeathHow
    status: int
    record: int

    def message(self) -> bytes:
        """The 64 bytes that report it (``struct death``)."""
        return struct.pack(DEATH_STRUCT, self.pid, self.how, self.status).ljust(MESSAGE_SIZE, b"\0")


class FaultRecord(NamedTuple):
    """A fault as the processor reports it; the fields are in the order of ``struct fault``.

    va: the address of the refused access; rights: the rights it needed (READ, WRITE, EXEC);
    status: its fault status (``FaultStatus``).  All three are 0 when the fault is no access.
    pc: of the instruction.  cpsr, sp, lr, registers (r0 to r7): of the process.
    why: one line for people.
    """

    kind: FaultKind
    va: int
    pc: int
    cpsr: int
    rights: int
    status: int
    sp: int
    lr: int
    registers: tuple[int, ...]
    why: str

    @property
    def ending(self) -> Faulted:
        """How the process ends when no handler lets it continue."""
        return Faulted(self.why, self.kind)

    def message(self) -> bytes:
        """The 64 bytes that report it (``struct fault``)."""
        return struct.pack(FAULT_STRUCT, *self[:8], *self.registers)


_QUEUED = (ProcState.SENDING, ProcState.CALLING, ProcState.FAULTED)


@dataclass(slots=True)
class Process:
    """All that the kernel knows of one process.

    maker: pid of the process that made it.  When that ends, ``parent`` becomes proc0 and
    ``maker`` stays.
    frames: ids of its frames, in the order in which they arrived.
    record: id of its PROC frame, or NO_ID when its record is a pool object.
    l1: frame id of its current vspace's L1.
    allowed: pid that may give to it besides its family, or NO_ID.
    handler: pid that receives its faults, or NO_ID.
    room: how many kernel objects may be charged to its account; charged: how many are.
    account: pid whose account is charged for its record, if that is a pool object.
    deaths: children whose end has not been reported to it, in the order of their ends.
    partner: pid that it waits for: to receive, to reply, or to answer its fault.
    message: the message that it sends, until the partner receives it.
    buffer: where the data that it waits for is to be stored (va); wanted: how many bytes of
    console input.
    senders: pids that wait for it to receive, first come first served.
    fault: its fault, until that is answered.
    resume: how it continues when it next runs; None: exactly where it was.
    thread_pointer: its TPIDRURO, an address (va) that it chose.
    """

    pid: int
    parent: int
    maker: int
    record: int = NO_ID
    state: ProcState = ProcState.NEW
    l1: int = NO_ID
    allowed: int = NO_ID
    handler: int = NO_ID
    room: int = 0
    charged: int = 0
    account: int = NO_ID
    deaths: tuple[Death, ...] = ()
    frames: dict[int, None] = field(default_factory=dict)
    partner: int = NO_ID
    message: bytes = b""
    buffer: int = 0
    wanted: int = 0
    senders: dict[int, None] = field(default_factory=dict)
    fault: FaultRecord | None = None
    resume: Resume | None = None
    thread_pointer: int = 0
    calls: int = 0
    sent: int = 0
    received: int = 0

    @property
    def free_room(self) -> int:
        """How many more kernel objects its account has room for."""
        return self.room - self.charged

    @property
    def is_in_queue(self) -> bool:
        """Whether it is among its partner's senders: it waits for the partner to receive."""
        return self.state in _QUEUED
