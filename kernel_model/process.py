"""A process: its frames, its vspace, what it waits for and how it goes on."""

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
    """Go on after a call that blocked or yielded, with this in r0."""

    r0: int


class Failed(NamedTuple):
    """Go on after a call that blocked and has failed after all.  r0: how that is told."""

    error: Error
    r0: int


class Registers(NamedTuple):
    """Go on with all registers as given: r0-r12, sp, lr, pc, cpsr, whose T bit selects Thumb."""

    words: tuple[int, ...]


class Redirect(NamedTuple):
    """Go on elsewhere after a fault: pc (bit 0 selects Thumb), sp, r0 to r7; the rest stays."""

    pc: int
    sp: int
    registers: tuple[int, ...]


Resume = Start | Result | Failed | Registers | Redirect
"""How a process goes on that does not go on just where it was."""


class Exited(NamedTuple):
    """The process called ``exit``."""

    status: int


class Faulted(NamedTuple):
    """The process did something nobody handles; ``why`` is one line for people."""

    why: str
    kind: FaultKind = FaultKind.MEMORY_ACCESS


class Ended(NamedTuple):
    """Another process ended it: its parent by ``proc_end``, or its lender by ending itself."""

    by: int
    status: int


Ending = Exited | Faulted | Ended


class Death(NamedTuple):
    """A child that has ended, of which its parent has not been told.

    record: the id of its PROC frame, now its parent's, or NO_ID where its record is a pool object:
    taken until then, either way.
    """

    pid: int
    how: DeathHow
    status: int
    record: int

    def message(self) -> bytes:
        """The 64 bytes that tell of it (``struct death``)."""
        return struct.pack(DEATH_STRUCT, self.pid, self.how, self.status).ljust(MESSAGE_SIZE, b"\0")


class FaultRecord(NamedTuple):
    """What the processor reports of a fault, in the order in which rule 15 tells a handler.

    va: what could not be accessed; rights: what was wanted of it (READ, WRITE, EXEC); status: the
    fault status (``FaultStatus``).  All three are 0 where no memory was accessed.
    pc, cpsr, sp, lr, registers (r0 to r7): those of the process, the pc that of the instruction.
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
        """How a process ends that nobody lets go on after it."""
        return Faulted(self.why, self.kind)

    def message(self) -> bytes:
        """The 64 bytes that tell of it (``struct fault``)."""
        return struct.pack(FAULT_STRUCT, *self[:8], *self.registers)


_PUT_ASIDE = (ProcState.SENDING, ProcState.CALLING, ProcState.FAULTED)


@dataclass(slots=True)
class Process:
    """One process: a record of all that the kernel knows of it.

    maker: the pid that made it; ``parent`` becomes proc0 when that one ends, ``maker`` stays.
    frames: the ids it owns, in the order in which they arrived.
    record: id of the PROC frame that holds it, or NO_ID where its record is a pool object.
    l1: id of its current vspace's L1.  allowed: the pid that may give to it besides its family.
    handler: the pid that is told of its faults, or NO_ID.
    room: kernel objects that its account may be charged with; charged: those that it is.
    account: whose account its own record is charged to, if that is a pool object.
    deaths: children that have ended since it was last told, in that order.
    partner: whom it waits for: to receive, to reply, or to answer a fault.
    message: what it sends, while the partner has not received it.
    buffer: where what it waits for goes (va); wanted: how many bytes, of the console's.
    senders: pids that wait for it to receive, first come first served.
    fault: its fault, while that has no answer.
    resume: how it goes on when it next runs; None means just where it was.
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
    calls: int = 0
    sent: int = 0
    received: int = 0

    @property
    def free_room(self) -> int:
        """Kernel objects that its account has room for."""
        return self.room - self.charged

    @property
    def is_in_queue(self) -> bool:
        """Whether it waits for its partner to receive something: among the partner's senders."""
        return self.state in _PUT_ASIDE
