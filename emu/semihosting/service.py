"""Semihosting calls: one handler an operation, all in one table.

A call never fails the run: what a program gets wrong is a result of -1 and an errno.
Source: ARM-software/abi-aa, "Semihosting for AArch32 and AArch64"; where that leaves
a choice, what newlib's rdimon does with the answer decides.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from errno import EBADF, EFAULT, EINVAL, EMFILE, ENAMETOOLONG, ENOSYS, ENOTTY, EPERM
from typing import Final, NamedTuple, Protocol

from emu.environment.files import host_error, lowest_free
from emu.environment.world import CLOCK_START, World
from emu.semihosting.cmdline import command_line
from emu.semihosting.errors import guest_errno
from emu.semihosting.operations import APPLICATION_EXIT, Operation
from emu.semihosting.streams import Stream, open_stream

FAILED: Final = -1
TICKS_PER_SECOND: Final = 1_000_000
PATH_MAX: Final = 4096
HANDLES_MAX: Final = 256
_STRING_STEP: Final = 256


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

    def heap(self) -> HeapInfo: ...


def _ignore(_text: str) -> None:
    """Nobody wants to know."""


class Semihosting:
    """One process's semihosting: its open handles and its errno."""

    def __init__(
        self,
        memory: GuestMemory,
        world: World,
        process: SemihostProcess,
        note: Callable[[str], None] = _ignore,
    ) -> None:
        """``note`` is told, once and in one line, of each thing asked for that there is not."""
        self.memory = memory
        self.world = world
        self.process = process
        self.errno = 0
        self.streams: dict[int, Stream] = {}
        self._tell = note
        self._told: set[str] = set()

    def call(self, op: int, arg: int) -> int:
        """The result for r0, where -1 is an error, of operation r0 with r1."""
        handler = HANDLERS.get(op)
        if handler is None:
            self._note(f"semihosting operation {op:#x} does not exist; it gets -1")
            return self._fail(ENOSYS)
        try:
            return handler(self, arg)
        except BadPointer:
            return self._fail(EFAULT)
        except OSError as error:
            self.errno = guest_errno(error)
            return FAILED

    def close_all(self) -> None:
        """Close what the process left open when it ended."""
        while self.streams:
            _, stream = self.streams.popitem()
            stream.close(self.world)

    def _open(self, arg: int) -> int:
        va, mode, length = self._words(arg, 3)
        path = self._path(va, length)
        if len(self.streams) >= HANDLES_MAX:
            return self._fail(EMFILE)
        handle = lowest_free(self.streams, start=1)
        self.streams[handle] = open_stream(self.world, path, mode)
        return handle

    def _close(self, arg: int) -> int:
        (handle,) = self._words(arg, 1)
        self._stream(handle).close(self.world)
        del self.streams[handle]
        return 0

    def _writec(self, arg: int) -> int:
        self.world.write_output(self.memory.read(arg, 1))
        return 0

    def _write0(self, arg: int) -> int:
        self.world.write_output(self._string(arg))
        return 0

    def _write(self, arg: int) -> int:
        """The number of bytes not written."""
        handle, va, length = self._words(arg, 3)
        self._stream(handle).write(self.world, self.memory.read(va, length))
        return 0

    def _read(self, arg: int) -> int:
        """The number of bytes not read; all of them at the end.

        The buffer is written over with itself first: input that has been read cannot be
        put back if the program turns out to have no room for it.
        """
        handle, va, length = self._words(arg, 3)
        stream = self._stream(handle)
        self.memory.write(va, self.memory.read(va, length))
        data = stream.read(self.world, length)
        self.memory.write(va, data)
        return length - len(data)

    def _readc(self, _arg: int) -> int:
        """The next byte of standard input; -1 at its end."""
        data = self.world.read_input(1)
        return data[0] if data else FAILED

    def _iserror(self, arg: int) -> int:
        """Whether a result is an error's: the sign bit."""
        (status,) = self._words(arg, 1)
        return status >> 31

    def _istty(self, arg: int) -> int:
        """The console is a terminal always, so that a run is the same in a pipe."""
        (handle,) = self._words(arg, 1)
        if self._stream(handle).is_tty:
            return 1
        self.errno = ENOTTY
        return 0

    def _seek(self, arg: int) -> int:
        handle, position = self._words(arg, 2)
        self._stream(handle).seek(position)
        return 0

    def _flen(self, arg: int) -> int:
        (handle,) = self._words(arg, 1)
        return self._stream(handle).length(self.world)

    def _tmpnam(self, arg: int) -> int:
        va, identifier, size = self._words(arg, 3)
        name = b"tmp%02x\0" % identifier
        if identifier > 0xFF or len(name) > size:
            return self._fail(EINVAL)
        self.memory.write(va, name)
        return 0

    def _remove(self, arg: int) -> int:
        va, length = self._words(arg, 2)
        self.world.files.remove(self._path(va, length))
        return 0

    def _rename(self, arg: int) -> int:
        old, old_length, new, new_length = self._words(arg, 4)
        self.world.files.rename(self._path(old, old_length), self._path(new, new_length))
        return 0

    def _clock(self, _arg: int) -> int:
        """Centiseconds since the run began."""
        return self.world.now() // 10_000

    def _time(self, _arg: int) -> int:
        """Seconds since 1970."""
        return CLOCK_START + self.world.now() // 1_000_000

    def _system(self, _arg: int) -> int:
        """There is no command interpreter: what it did could not happen again in a replay."""
        self._note("semihosting: a program asked for a host command and was refused")
        return self._fail(EPERM)

    def _errno(self, _arg: int) -> int:
        return self.errno

    def _get_cmdline(self, arg: int) -> int:
        """Store the command line, and its length without the NUL over the buffer's size."""
        va, size = self._words(arg, 2)
        try:
            line = command_line(self.world.arguments)
        except ValueError as error:
            self._note(f"semihosting: no command line: {error}")
            return self._fail(EINVAL)
        if len(line) >= size:
            self._note(
                f"semihosting: no command line: it has {len(line)} bytes and the program"
                f" takes {max(0, size - 1)}"
            )
            return self._fail(EINVAL)
        self.memory.write(va, line + b"\0")
        self.memory.write(arg + 4, struct.pack("<I", len(line)))
        return 0

    def _heapinfo(self, arg: int) -> int:
        (va,) = self._words(arg, 1)
        self.memory.write(va, struct.pack("<4I", *self.process.heap()))
        return 0

    def _exit(self, reason: int) -> int:
        self.process.exit(0 if reason == APPLICATION_EXIT else 1)
        return 0

    def _exit_extended(self, arg: int) -> int:
        reason, status = self._words(arg, 2)
        self.process.exit(status if reason == APPLICATION_EXIT else 1)
        return 0

    def _elapsed(self, arg: int) -> int:
        self.memory.write(arg, struct.pack("<Q", self.world.now()))
        return 0

    def _tickfreq(self, _arg: int) -> int:
        return TICKS_PER_SECOND

    def _note(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)

    def _fail(self, number: int) -> int:
        self.errno = guest_errno(host_error(number))
        return FAILED

    def _stream(self, handle: int) -> Stream:
        try:
            return self.streams[handle]
        except KeyError:
            raise host_error(EBADF) from None

    def _words(self, va: int, count: int) -> tuple[int, ...]:
        """The words of a parameter block."""
        return struct.unpack(f"<{count}I", self.memory.read(va, 4 * count))

    def _path(self, va: int, length: int) -> bytes:
        if length >= PATH_MAX:
            raise host_error(ENAMETOOLONG)
        return self.memory.read(va, length)

    def _string(self, va: int) -> bytes:
        """The string at ``va`` without its NUL.

        Read up to one aligned step at a time: the page behind it may not be there.
        """
        found = bytearray()
        while True:
            piece = self.memory.read(va, _STRING_STEP - va % _STRING_STEP)
            text, nul, _ = piece.partition(b"\0")
            found += text
            if nul:
                return bytes(found)
            va += len(piece)


HANDLERS: Final[dict[int, Callable[[Semihosting, int], int]]] = {
    Operation.OPEN: Semihosting._open,
    Operation.CLOSE: Semihosting._close,
    Operation.WRITEC: Semihosting._writec,
    Operation.WRITE0: Semihosting._write0,
    Operation.WRITE: Semihosting._write,
    Operation.READ: Semihosting._read,
    Operation.READC: Semihosting._readc,
    Operation.ISERROR: Semihosting._iserror,
    Operation.ISTTY: Semihosting._istty,
    Operation.SEEK: Semihosting._seek,
    Operation.FLEN: Semihosting._flen,
    Operation.TMPNAM: Semihosting._tmpnam,
    Operation.REMOVE: Semihosting._remove,
    Operation.RENAME: Semihosting._rename,
    Operation.CLOCK: Semihosting._clock,
    Operation.TIME: Semihosting._time,
    Operation.SYSTEM: Semihosting._system,
    Operation.ERRNO: Semihosting._errno,
    Operation.GET_CMDLINE: Semihosting._get_cmdline,
    Operation.HEAPINFO: Semihosting._heapinfo,
    Operation.EXIT: Semihosting._exit,
    Operation.EXIT_EXTENDED: Semihosting._exit_extended,
    Operation.ELAPSED: Semihosting._elapsed,
    Operation.TICKFREQ: Semihosting._tickfreq,
}
