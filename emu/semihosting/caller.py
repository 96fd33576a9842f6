"""What semihosting knows of a process, and asks of it: its handles, errno, memory, heap, end."""

from __future__ import annotations

import errno
from collections.abc import Callable
from errno import EBADF
from typing import Final, NamedTuple, Protocol

from emu.environment.files import host_error
from emu.environment.outside import Outside
from emu.semihosting.streams import Stream

FAILED: Final = -1

# Of the errno values that programs know, which are newlib's and not the host's: up to ERANGE every
# Unix and newlib agree; of the rest, those that files can give.
# Source: newlib, libc/include/sys/errno.h.
_LAST_COMMON: Final = errno.ERANGE
_NEWLIB: Final = {
    errno.ENOSYS: 88,
    errno.ENOTEMPTY: 90,
    errno.ENAMETOOLONG: 91,
    errno.ELOOP: 92,
    errno.EDQUOT: 132,
    errno.EOVERFLOW: 139,
}


def guest_errno(error: OSError) -> int:
    """The error as a program knows it; EIO if it has no name for it."""
    number = error.errno or errno.EIO
    return number if number <= _LAST_COMMON else _NEWLIB.get(number, errno.EIO)


def errno_name(number: int) -> str:
    """The name of an errno value of the program's."""
    host = {guest: host for host, guest in _NEWLIB.items()}.get(number, number)
    return errno.errorcode.get(host, str(number))


class BadPointer(Exception):  # noqa: N818 - a guest's mistake, not an error of ours
    """The program named memory that it could not have accessed so itself."""


class GuestMemory(Protocol):
    """Memory as the calling program sees it.

    An access happens whole or raises BadPointer having changed nothing; that a length is
    absurd is found before anything of that size is set aside.
    """

    def read(self, va: int, length: int) -> bytes: ...

    def write(self, va: int, data: bytes) -> None: ...


class HeapInfo(NamedTuple):
    """Where a program's heap may grow and its stack lie; 0: the program decides."""

    heap_base: int
    heap_limit: int
    stack_base: int
    stack_limit: int


class SemihostProcess(Protocol):
    """What semihosting asks of the process that called."""

    def exit(self, status: int) -> None:
        """End the process; the call that asked for it does not return to it."""

    def heap(self) -> HeapInfo:
        """Where its heap and its stack may be."""

    mapped_heap: tuple[int, int] | None
    """Where the heap begins and ends (va), once it has been asked for."""


def _ignore(_text: str) -> None:
    """Drop what nothing wants to be told."""


class SemihostingState(NamedTuple):
    """What one process has of semihosting, as a value.  streams: by handle, none of them open."""

    errno: int
    streams: tuple[tuple[int, Stream], ...]
    told: frozenset[str]
    heap: tuple[int, int] | None


class Caller:
    """A process that makes semihosting calls: its open handles and its errno."""

    def __init__(
        self,
        memory: GuestMemory,
        outside: Outside,
        process: SemihostProcess,
        note: Callable[[str], None] = _ignore,
    ) -> None:
        """``note`` is told, once and in one line, of each thing asked for that there is not."""
        self.memory = memory
        self.outside = outside
        self.process = process
        self.errno = 0
        self.streams: dict[int, Stream] = {}
        self._tell = note
        self._told: set[str] = set()

    def snapshot(self) -> SemihostingState:
        """All of it as a value."""
        streams = tuple(
            (handle, stream.closed()) for handle, stream in sorted(self.streams.items())
        )
        return SemihostingState(
            self.errno, streams, frozenset(self._told), self.process.mapped_heap
        )

    def restore(self, state: SemihostingState) -> None:
        """Have what was had.  Files are opened again.  Errors: OSError, if one is gone."""
        self.close_all()
        self.errno, self._told = state.errno, set(state.told)
        self.process.mapped_heap = state.heap
        for handle, stream in state.streams:
            self.streams[handle] = stream.reopened(self.outside)

    def close_all(self) -> None:
        """Close what the process left open when it ended."""
        while self.streams:
            _, stream = self.streams.popitem()
            stream.close(self.outside)

    # -- for the handlers --------------------------------------------------------------

    def stream(self, handle: int) -> Stream:
        """What a handle stands for.  Errors: OSError, with EBADF."""
        try:
            return self.streams[handle]
        except KeyError:
            raise host_error(EBADF) from None

    def fail(self, number: int) -> int:
        """Remember an errno of the host's, and return what a call that failed returns."""
        self.errno = guest_errno(host_error(number))
        return FAILED

    def note(self, text: str) -> None:
        """Tell the person once of something asked for that there is not."""
        if text not in self._told:
            self._told.add(text)
            self._tell(text)
