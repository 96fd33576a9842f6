"""What a trace is made of: one class a kind of event, plain values only.

time: instructions completed when it happened; 0 where nobody counts them.  pid: whose doing it was.
call: the number of the kernel's call that it was, or that it came of or after; 0 before the first,
and of semihosting's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from emu.decoding.arguments import Value
from kernel_model.events import Delivery


class Phase(Enum):
    """Whether a call was answered at once, or begun and answered later."""

    WHOLE = "whole"
    BEGUN = "begun"
    RESUMED = "resumed"


@dataclass(slots=True)
class Call:
    """A call of the kernel's, or one of semihosting's.

    arguments: those known at the time; of a resumed call what it brought.  result: None while
    there is none.  error: the error's name, or "".  reason: why it was refused, or what the
    result means.
    """

    time: int
    pid: int
    name: str
    phase: Phase
    arguments: tuple[Value, ...]
    result: int | None
    error: str = ""
    reason: str = ""
    semihosting: bool = False
    call: int = 0

    kind: ClassVar[str] = "syscall"


@dataclass(slots=True)
class Descriptors:
    """A run of ``count`` table entries that changed alike.

    pid: who called the kernel, or -1.  table: id of the table's frame, or -1.  index: of the
    first entry in the frame.  va: what the first entry translates, or -1 if the table is
    installed nowhere.
    old, new: the first entry.  old_frame, new_frame: ids of the frames those name, or -1.
    """

    time: int
    pid: int
    level: int
    table: int
    index: int
    count: int
    va: int
    old: int
    new: int
    old_frame: int
    new_frame: int
    call: int = 0

    kind: ClassVar[str] = "map"


@dataclass(slots=True)
class Faulted:
    """Something that nobody handles.  va, access: of a memory fault, else -1 and ""."""

    time: int
    pid: int
    pc: int
    symbol: str
    what: str
    va: int
    access: str
    call: int = 0

    kind: ClassVar[str] = "fault"


class Turn(Enum):
    """What the scheduler did with a process."""

    STARTS = "starts"
    RUNS = "runs"
    ENDS = "ends"


@dataclass(slots=True)
class Scheduled:
    """A process got the processor, or ended.

    before: who had the processor until then, or -1.  why: what became of that one, or how this
    one ended.  pc: where it goes on.
    """

    time: int
    pid: int
    turn: Turn
    before: int
    pc: int
    why: str
    call: int = 0

    kind: ClassVar[str] = "sched"


@dataclass(slots=True)
class Message:
    """A message that arrived.  pid: the sender."""

    time: int
    pid: int
    to: int
    data: bytes
    sort: Delivery
    call: int = 0

    kind: ClassVar[str] = "ipc"


@dataclass(slots=True)
class Access:
    """A load or store of ``size`` bytes by the instruction at ``pc``."""

    time: int
    pid: int
    pc: int
    is_write: bool
    va: int
    pa: int
    size: int
    value: int

    kind: ClassVar[str] = "mem"


Event = Call | Descriptors | Faulted | Scheduled | Message | Access
