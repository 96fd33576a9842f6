"""A process: its frames, its vspace, what it waits for and how it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from kernel_model.abi import NO_ID, ProcState


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


class Registers(NamedTuple):
    """Go on with all registers as given: r0-r12, sp, lr, pc, cpsr, whose T bit selects Thumb."""

    words: tuple[int, ...]


Resume = Start | Result | Registers
"""How a process goes on that does not go on just where it was."""


class Exited(NamedTuple):
    """The process called ``exit``."""

    status: int


class Faulted(NamedTuple):
    """The process did something nobody handles; ``why`` is one line for people."""

    why: str


Ending = Exited | Faulted


@dataclass(slots=True)
class Process:
    """One process: a record of all that the kernel knows of it.

    maker: the pid that made it; ``parent`` becomes proc0 when that one ends, ``maker`` stays.
    frames: the ids it owns, in the order in which they arrived.
    record: id of the PROC frame that holds it, or NO_ID where its record is a pool object.
    l1: id of its current vspace's L1.  allowed: the pid that may give to it besides its family.
    partner: whom it waits for while SENDING.  buffer: where a message goes while RECEIVING (va).
    senders: pids blocked in ``send`` to it, first come first served.
    resume: how it goes on when it next runs; None means just where it was.
    """

    pid: int
    parent: int
    maker: int
    record: int = NO_ID
    state: ProcState = ProcState.NEW
    l1: int = NO_ID
    allowed: int = NO_ID
    frames: dict[int, None] = field(default_factory=dict)
    partner: int = NO_ID
    message: bytes = b""
    buffer: int = 0
    senders: dict[int, None] = field(default_factory=dict)
    resume: Resume | None = None
    calls: int = 0
    sent: int = 0
    received: int = 0
