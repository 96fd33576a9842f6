"""A process as semihosting sees it: its handles, errno, memory, heap and end."""

from __future__ import annotations

import errno
from collections.abc import Callable
from errno import EBADF, EFAULT
from typing import Any, Final, NamedTuple, Protocol

from emu.environment.files import host_error
from emu.environment.outside import Outside
from emu.semihosting.streams import Stream

FAILED: Final = -1

# The errno values that programs know are newlib's, not the host's.  Up to ERANGE every Unix and
# newlib agree; of the others these are the ones that files can give.
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
    """The program's errno for a host's error; EIO if newlib has no such errno."""
    number = error.errno or errno.EIO
    return number if number <= _LAST_COMMON else _NEWLIB.get(number, errno.EIO)


def errno_name(number: int) -> str:
    """The name of a program's errno value."""
    host = {guest: host for host, guest in _NEWLIB.items()}.get(number, number)
    return errno.errorcode.get(host, str(number))


class BadPointer(OSError):  # noqa: N818 - a guest's mistake, not an error of ours
    """The program named memory to which it has no such access itself."""

    def __init__(self, text: str = "") -> None:
        super().__init__(EFAULT, text)


class GuestMemory(Protocol):
    """Memory as the calling program sees it.

    An access happens whole, or raises BadPointer and changes nothing.  An absurd length is
    refused before memory of that size is allocated.
    """

    def bytes_at(self, va: int, length: int) -> bytes | None:
        """What ``read`` returns, or None: then it takes ``read`` to tell."""

    def charge(self, length: int) -> None:
        """Charge the call for the pages of ``length`` bytes that it looks at."""

    def read(self, va: int, length: int) -> bytes: ...

    def write(self, va: int, data: bytes) -> None: ...

    def page_place(self, va: int, length: int) -> int:
        """What ``place`` returns, if that is in one page; -1: it takes ``place`` to tell."""

    def place(self, va: int, length: int) -> Any:
        """A place of ``length`` bytes that may be written.  Errors: BadPointer."""

    def store(self, place: Any, data: bytes) -> None:
        """Store data, which may be shorter, at a place."""


class HeapInfo(NamedTuple):
    """The bounds of a program's heap and stack; 0: the program decides."""

    heap_base: int
    heap_limit: int
    stack_base: int
    stack_limit: int


class SemihostProcess(Protocol):
    """Requests of semihosting to the process that called."""

    def exit(self, status: int) -> None:
        """End the process, to which the call does not return."""

    def heap(self) -> HeapInfo:
        """The bounds of its heap and its stack."""

    mapped_heap: tuple[int, int] | None
    """Where the heap begins and ends (va), once it has been asked for; else None."""


def _ignore(_text: str) -> None:
    """Drop a note."""


class SemihostingState(NamedTuple):
    """The semihosting of one process, as a value.  streams: by handle, none of them open."""

    errno: int
    streams: tuple[tuple[int, Stream], ...]
    told: frozenset[str]
    heap: tuple[int, int] | None


class Streams(dict[int, Stream]):
    """Streams by handle."""

    def __missing__(self, handle: int) -> Stream:
        """Errors: OSError, with EBADF."""
        raise host_error(EBADF)


class Caller:
    """A process that makes semihosting calls: its open handles and its errno."""

    def __init__(
        self,
        memory: GuestMemory,
        outside: Outside,
        process: SemihostProcess,
        note: Callable[[str], None] = _ignore,
    ) -> None:
        """note: called once with a line about each feature asked for that does not exist."""
        self.memory = memory
        self.outside = outside
        self.process = process
        self.errno = 0
        self.streams = Streams()
        self._tell = note
        self._told: set[str] = set()

    def snapshot(self) -> SemihostingState:
        """The handles, errno and heap as a value."""
        streams = tuple(
            (handle, stream.closed()) for handle, stream in sorted(self.streams.items())
        )
        return SemihostingState(
            self.errno, streams, frozenset(self._told), self.process.mapped_heap
        )

    def restore(self, state: SemihostingState) -> None:
        """Become what a caller was.  Files are opened again.  Errors: OSError, if one is gone."""
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

    def fail(self, number: int) -> int:
        """Keep a host's errno for the program, and return the result of a failed call."""
        return self.failed(host_error(number))

    def failed(self, error: OSError) -> int:
        """The same for an error of the host, or of the program."""
        self.errno = guest_errno(error)
        return FAILED

    def note(self, text: str) -> None:
        """Tell the user once about a feature asked for that does not exist."""
        if text not in self._told:
            self._told.add(text)
            self._tell(text)
