"""Waits for the outside, which another thread or a signal's handler can end.

A wait polls the stream and a pipe of ours: a byte in the pipe ends it.  The host's call after a
wait does not block, so it happens whole or not at all, and no answer is lost.
"""

from __future__ import annotations

import os
import select
import stat
import weakref
from contextlib import suppress

from emu.environment.requests import Cause

_ROOM = select.PIPE_BUF
"""The bytes that a pipe has room for if it has room for any.  Source: POSIX, pipe and write."""
_ANY = 1 << 59
"""Room without a bound: nobody writes so many bytes."""
_AT_ONCE = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFBLK, 0)
"""Kinds of files that are read and written without waiting."""


class Interrupted(Exception):  # noqa: N818 - not an error
    """A wait was ended before anything was done.

    cause: why.  in_svc: whether the wait was in an SVC, which is then made again.
    """

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.name)
        self.cause = cause
        self.in_svc = False


class Waits:
    """The waits of one thread.

    cause: why waits are ended, until ``resume``.  left: the descriptors whose waits were ended.
    granted: the Writer that last found room by waiting; no other may still use what it found.
    """

    def __init__(self) -> None:
        self.cause: Cause | None = None
        self.left: set[int] = set()
        self.granted: Writer | None = None
        self._pipe: tuple[int, int] | None = None

    def interrupt(self, cause: Cause) -> None:
        """End the wait under way, and further waits until ``resume``.  From any thread."""
        self.cause = self.cause or cause
        if self._pipe is not None:
            with suppress(BlockingIOError):  # the pipe is full of such bytes
                os.write(self._pipe[1], b"\0")

    def resume(self) -> None:
        """Wait again; not while ``interrupt`` may be called."""
        self.cause = None
        if self._pipe is not None:
            with suppress(BlockingIOError):
                while os.read(self._pipe[0], 4096):
                    pass

    def until(self, fd: int, event: int) -> None:
        """Wait for ``select.POLLIN`` or ``POLLOUT`` of a descriptor.

        If waits are ended, room is used nevertheless, but input is not read.  Errors: Interrupted.
        """
        poll = select.poll()
        poll.register(self._waker(), select.POLLIN)
        poll.register(fd, event)  # last: it may be the same number where we have no pipe
        while True:
            ready = dict(poll.poll(None if self.cause is None else 0))
            cause = self.cause
            if fd in ready and (cause is None or event == select.POLLOUT):
                return
            if cause is not None:
                self.left.add(fd)
                raise Interrupted(cause)

    def _waker(self) -> int:
        """The descriptor that becomes readable when a wait is to end.

        The first wait makes the pipe.  An interrupt before that sets ``cause``, which the wait
        checks afterwards.
        """
        if self._pipe is None:
            reader, writer = os.pipe()
            for fd in (reader, writer):
                os.set_blocking(fd, False)
                weakref.finalize(self, os.close, fd)
            self._pipe = reader, writer
        return self._pipe[0]


class Reader:
    """A descriptor to read from."""

    def __init__(self, fd: int, waits: Waits) -> None:
        self._fd, self._waits = fd, waits
        self._may_wait = _kind(fd) not in _AT_ONCE

    def read(self, length: int) -> bytes:
        """The bytes there, after a wait for any; b"" at the end.  Errors: Interrupted, OSError."""
        if self._may_wait:
            self._waits.until(self._fd, select.POLLIN)
        return os.read(self._fd, length)


class Writer:
    """A descriptor to write to: ``fd``.

    room: the bytes that may be written at once, without asking; whoever writes them takes them off.
    """

    def __init__(self, fd: int, waits: Waits) -> None:
        self.fd, self._waits = fd, waits
        kind, is_terminal = _kind(fd), os.isatty(fd)
        self._keeps_room = kind != stat.S_IFSOCK and not is_terminal
        self.room = _ANY if kind in _AT_ONCE else 0
        if is_terminal:
            self.fd = self._unblocked(fd)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Write some of ``data``, after a wait for room; the number of bytes written.

        Errors: Interrupted, OSError.
        """
        if self.room <= 0:
            self._wait()
        if len(data) > self.room:
            data = data[: self.room]
        try:
            sent = os.write(self.fd, data)
        except BlockingIOError:  # a terminal with room for less than one character
            sent = self.room = 0
            if self._waits.cause is not None:
                raise Interrupted(self._waits.cause) from None
        self.room = self.room - sent if self._keeps_room else 0
        return sent

    def write_all(self, data: bytes) -> None:
        """Write all of ``data``.  Errors: Interrupted, with some of it written; OSError."""
        rest = memoryview(data)
        while rest:
            rest = rest[self.write(rest) :]

    def _wait(self) -> None:
        waits = self._waits
        waits.until(self.fd, select.POLLOUT)
        if waits.granted is not None:
            waits.granted.room = 0  # it may be the same pipe
        self.room, waits.granted = _ROOM, self

    def _unblocked(self, fd: int) -> int:
        """A descriptor of our own for the same terminal, on which writes do not block.

        The given descriptor may be shared with other processes, for which writes must block.
        """
        try:
            name = os.ttyname(fd)
            own = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            return fd
        weakref.finalize(self, os.close, own)
        return own


def _kind(fd: int) -> int:
    """The kind of file, of ``stat.S_IFMT``; 0 where nothing is open."""
    try:
        return stat.S_IFMT(os.fstat(fd).st_mode)
    except OSError:
        return 0
