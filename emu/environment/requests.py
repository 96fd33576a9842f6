"""What a run asks of its outside, and what it is told: plain tuples of plain values.

A request is its name and its arguments; each alias below says what the answer to one is.  Requests
and answers can be pickled and compared, and hold no code: a list of them, each with the moment at
which it was made, is all that a run owes to its outside.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, Literal, NamedTuple

STDIN, STDOUT, STDERR = range(3)
STREAM_NAMES: Final = ("standard input", "standard output", "standard error")


class Cause(Enum):
    """Why the outside ends a run, or a wait."""

    CTRL_C = auto()
    TERMINATED = auto()
    TIMEOUT = auto()
    INTERRUPTED = auto()
    """``Machine.interrupt`` was called."""


class Beginning(NamedTuple):
    """What stays the same all through a run.

    arguments: the program's name and its arguments.  terminals: whether standard input, output and
    error are terminals.  began: seconds since 1970.  counts: whether ``Now`` depends on the moment,
    so that instructions must be counted from the first ``Now`` on.
    """

    arguments: tuple[str, ...]
    terminals: tuple[bool, bool, bool]
    began: int
    counts: bool


class Failed(NamedTuple):
    """The answer to a request that failed.  errno: the host's."""

    errno: int


class Lost(NamedTuple):
    """The host took a standard stream away: a broken pipe, a full disk.  The run cannot go on."""

    stream: int
    errno: int


Begin = tuple[Literal["begin"]]
"""-> Beginning.  Asked once, before anything else."""
ReadInput = tuple[Literal["read_input"], int]
"""LENGTH -> at least one and at most so many bytes of standard input; b"" at its end.

Waits for them.  Ends early only after a newline, as a terminal does, so that what is read depends
on the input alone and not on the pieces in which it arrived.  Or Lost; or the Cause that ended
the wait.
"""
InputReady = tuple[Literal["input_ready"]]
"""-> whether ``ReadInput`` would not wait for a person at a terminal.

What does not come from a terminal counts as ready: however long it takes, nothing inside the
machine can tell, and so a run does not depend on how quickly it comes.
"""
Write = tuple[Literal["write"], int, bytes]
"""STREAM (``STDOUT`` or ``STDERR``), DATA -> how many bytes were taken, or Lost.

What is taken is put there at once; that waits until there is room.  Where the wait is ended the
answer is the Cause, and all is taken nevertheless: the rest goes first the next time, so a program
that is stopped in a write has written.
"""
Now = tuple[Literal["now"]]
"""-> nanoseconds since the program first looked at the clock."""
WhyStop = tuple[Literal["why_stop"]]
"""-> the Cause for which the outside has ended the run."""
OpenFile = tuple[Literal["open_file"], bytes, int]
"""PATH, ``OpenMode`` -> a handle, or Failed.  The lowest handle that is free."""
CloseFile = tuple[Literal["close_file"], int]
"""HANDLE -> None."""
ReadFile = tuple[Literal["read_file"], int, int, int]
"""HANDLE, OFFSET, LENGTH -> bytes, fewer only at the file's end; or Failed."""
WriteFile = tuple[Literal["write_file"], int, int, bytes]
"""HANDLE, OFFSET, DATA -> None, or Failed.  A gap before the data reads as zeros."""
FileLength = tuple[Literal["file_length"], int]
"""HANDLE -> bytes, or Failed."""
RemoveFile = tuple[Literal["remove_file"], bytes]
"""PATH -> None, or Failed."""
RenameFile = tuple[Literal["rename_file"], bytes, bytes]
"""OLD, NEW (paths) -> None, or Failed."""

Request = (
    Begin | ReadInput | InputReady | Write | Now | WhyStop | OpenFile | CloseFile | ReadFile
    | WriteFile | FileLength | RemoveFile | RenameFile
)  # fmt: skip
Answer = Beginning | bytes | int | None | Failed | Lost | Cause
