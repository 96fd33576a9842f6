"""What an entry into the kernel brings about, as values in the kernel's own words.

The kernel tells its host each of them in the order in which they happen, as soon as they have
(``kernel_model.host``).  They are plain: they name processes and frames by id, and hold no code.
"""

from __future__ import annotations

from array import array
from enum import Enum
from typing import NamedTuple

from kernel_model.process import Death, Ending


class Delivery(Enum):
    """Why a message was delivered."""

    MESSAGE = "message"
    CALL = "call"
    REPLY = "reply"
    FAULT = "fault"
    """A fault's record, to the handler."""
    START = "start message"
    """A parent's first message, which starts its child."""
    ANSWER = "answer"
    """What a handler says to a process that has stopped at a fault."""


class MessageDelivered(NamedTuple):
    """A message has arrived.  message: its 64 bytes."""

    sender: int
    receiver: int
    kind: Delivery
    message: bytes


class DeathTold(NamedTuple):
    """A parent (pid) has been told of the end of a child."""

    pid: int
    death: Death


class ProcessMade(NamedTuple):
    """A process exists; it has not started."""

    pid: int
    parent: int


class ProcessEnded(NamedTuple):
    """A process has ended, and this is how."""

    pid: int
    ending: Ending


class VspaceChanged(NamedTuple):
    """A process lives in another address space.

    l1: frame id of the L1 that is its vspace now, at l1_pa; before: of the one that was, or NO_ID.
    """

    pid: int
    l1: int
    l1_pa: int
    before: int


class FrameMade(NamedTuple):
    """A frame exists where none was: ``length`` bytes from ``pa`` on, of process ``owner``."""

    f_id: int
    owner: int
    pa: int
    length: int


class FrameSplit(NamedTuple):
    """Frame ``lower`` was cut, and ``upper`` is its upper part."""

    lower: int
    upper: int


class FrameMerged(NamedTuple):
    """Frame ``gone`` has become the end of frame ``f_id``."""

    f_id: int
    gone: int


class FrameMoved(NamedTuple):
    """A frame belongs to another process."""

    f_id: int
    giver: int
    receiver: int


class DescriptorsWritten(NamedTuple):
    """The entries from ``pa`` on, of a table of this level, went from ``old`` to ``new``."""

    pa: int
    level: int
    old: array[int]
    new: array[int]


class TranslationChanged(NamedTuple):
    """Entries for [va, va + length) under the L1 at ``l1_pa`` changed.

    was_mapped: some of them mapped something, so that a TLB may hold it.
    """

    l1_pa: int
    va: int
    length: int
    was_mapped: bool


class MemoryWritten(NamedTuple):
    """The kernel stored into a frame: code from there may be stale in any process."""

    pa: int
    length: int


Event = (
    MessageDelivered
    | DeathTold
    | ProcessMade
    | ProcessEnded
    | VspaceChanged
    | FrameMade
    | FrameSplit
    | FrameMerged
    | FrameMoved
    | DescriptorsWritten
    | TranslationChanged
    | MemoryWritten
)
