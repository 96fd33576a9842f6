"""Events: what happens during an entry into the kernel, as plain values.

The kernel passes each event to its host (``kernel_model.host``) as soon as it has happened, in
order.  Events name processes and frames by id and hold no code.
"""

from __future__ import annotations

from array import array
from enum import Enum
from typing import NamedTuple

from kernel_model.process import Death, Ending


class Delivery(Enum):
    """The kinds of messages."""

    MESSAGE = "message"
    CALL = "call"
    REPLY = "reply"
    FAULT = "fault"
    """The record of a fault, sent to its handler."""
    START = "start message"
    """A parent's first message, which starts its child."""
    ANSWER = "answer"
    """A handler's answer to a process that has stopped at a fault."""


class MessageDelivered(NamedTuple):
    """A message was delivered.  message: its 64 bytes."""

    sender: int
    receiver: int
    kind: Delivery
    message: bytes


class DeathTold(NamedTuple):
    """A parent (pid) received the report of a child's end."""

    pid: int
    death: Death


class ProcessMade(NamedTuple):
    """A process was made; it has not started."""

    pid: int
    parent: int


class ProcessEnded(NamedTuple):
    """A process ended."""

    pid: int
    ending: Ending


class VspaceChanged(NamedTuple):
    """A process's current vspace changed.

    l1, l1_pa: frame id and physical address of its new L1.  before: frame id of the L1 that was
    its vspace before, or NO_ID.
    """

    pid: int
    l1: int
    l1_pa: int
    before: int


class ThreadPointerSet(NamedTuple):
    """A process set its TPIDRURO to ``va``."""

    pid: int
    va: int


class FrameMade(NamedTuple):
    """A frame was made of ``length`` bytes at ``pa`` that no frame had; ``owner`` is a pid."""

    f_id: int
    owner: int
    pa: int
    length: int


class FrameSplit(NamedTuple):
    """Frame ``lower`` was cut; its upper part is the new frame ``upper``."""

    lower: int
    upper: int


class FrameMerged(NamedTuple):
    """Frame ``gone`` was joined to the end of frame ``f_id``; its id is no longer used."""

    f_id: int
    gone: int


class FrameMoved(NamedTuple):
    """A frame passed from one process (pid) to another."""

    f_id: int
    giver: int
    receiver: int


class DescriptorsWritten(NamedTuple):
    """Entries of a table of this level, from ``pa`` on, changed from ``old`` to ``new``.

    They are written to memory as ``MemoryWritten`` says, of which there is no event of its own.
    """

    pa: int
    level: int
    old: array[int]
    new: array[int]


class TranslationChanged(NamedTuple):
    """Entries for [va, va + length) under the L1 at ``l1_pa`` changed.

    was_mapped: at least one of the old entries mapped something, which a TLB may hold.
    """

    l1_pa: int
    va: int
    length: int
    was_mapped: bool


class MemoryWritten(NamedTuple):
    """The kernel stored into a frame: code translated from there may be stale in any process."""

    pa: int
    length: int


Event = (
    MessageDelivered
    | DeathTold
    | ProcessMade
    | ProcessEnded
    | VspaceChanged
    | ThreadPointerSet
    | FrameMade
    | FrameSplit
    | FrameMerged
    | FrameMoved
    | DescriptorsWritten
    | TranslationChanged
    | MemoryWritten
)
