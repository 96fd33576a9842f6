"""What a trace is made of: a class for each kind of event, plain values only.

time: instructions completed before the event; 0 where they are not counted.  pid: the process that
caused it.  call: of a call its number, of other events that of the last call; 0 before the
first, and for semihosting.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from emu.decoding.arguments import Value
from kernel_model.events import Delivery


class Phase(Enum):
    """Whether a call was answered at once, or began to wait, or was answered after its wait."""

    WHOLE = "whole"
    BEGUN = "begun"
    RESUMED = "resumed"


@dataclass(slots=True)
class CallEvent:
    """A call of the kernel or of semihosting.

    arguments: those known at the time; of a resumed call, those that the kernel has filled in.
    result: None while there is none.  error: the error's name, or "".  reason: why it was
    refused, or what the result means.
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
class DescriptorsEvent:
    """Consecutive table entries, ``count`` of them, that changed alike.

    pid: the process that called the kernel, or -1.  table: id of the table's frame, or -1.
    index: of the first entry in the frame.  va: the address that it translates, or -1 if the
    table is installed nowhere.
    old, new: the first entry.  old_frame, new_frame: ids of the frames that these name, or -1.
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
class FaultEvent:
    """A fault, whether or not a handler is told.  va, access: of a memory fault, else -1 and ""."""

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
class TurnEvent:
    """A process got the processor, or ended.

    before: pid of the process that had the processor until then, or -1.  why: why that process no
    longer runs; of an end, how this process ended.  pc: where this process goes on.
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
class MessageEvent:
    """A message that arrived.  pid: the sender."""

    time: int
    pid: int
    to: int
    data: bytes
    sort: Delivery
    call: int = 0

    kind: ClassVar[str] = "ipc"


@dataclass(slots=True)
class AccessEvent:
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


Event = CallEvent | DescriptorsEvent | FaultEvent | TurnEvent | MessageEvent | AccessEvent
