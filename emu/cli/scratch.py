"""A directory of a command's own in the temporary directory; those of killed commands are removed.

Whoever uses such a directory holds a lock on it, which the host gives back when the last process
of the command has ended, by whatever signal.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import gettempdir, mkdtemp
from typing import Final

_PREFIX: Final = "emu-gdb-"
_NAME: Final = re.compile(_PREFIX + r"[a-z0-9_]{8}")
SOCKET: Final = "gdb"
SCRIPT: Final = "begin.gdb"
_FILES: Final = frozenset((SOCKET, SCRIPT))
"""What may be in it: a directory with anything else is left alone."""


@contextmanager
def scratch() -> Iterator[str]:
    """While entered, a directory that this process and its forks hold.  Errors: OSError."""
    sweep()
    place, fd = _made()
    try:
        yield place
    finally:
        _remove(place, fd)
        os.close(fd)


def sweep() -> None:
    """Remove the directories of this user's commands that have been killed.

    A directory is removed only if it has such a name, belongs to this user, is nobody else's to
    look into, has nothing in it but what we put there, and nobody holds its lock.
    """
    home = gettempdir()
    with suppress(OSError):
        for name in filter(_NAME.fullmatch, os.listdir(home)):
            with suppress(OSError):
                _sweep(os.path.join(home, name))


def _sweep(place: str) -> None:
    """Remove one, if that is right.  Errors: OSError."""
    fd = _locked(place)
    try:
        found = os.fstat(fd)
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == 0o700:
            _remove(place, fd)
    finally:
        os.close(fd)


def _made() -> tuple[str, int]:
    """A new directory, and the descriptor that holds its lock."""
    while True:
        place = mkdtemp(prefix=_PREFIX)
        try:
            fd = _locked(place)
        except (FileNotFoundError, BlockingIOError):
            continue  # another command sweeps and found it before it was locked
        if _is_at(place, fd):
            return place, fd
        os.close(fd)


def _locked(place: str) -> int:
    """A descriptor of the directory, locked.  Errors: OSError, if it is a link, or held."""
    fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


def _is_at(place: str, fd: int) -> bool:
    """Whether this is still the directory that is found there."""
    try:
        return os.path.samestat(os.lstat(place), os.fstat(fd))
    except FileNotFoundError:
        return False


def _remove(place: str, fd: int) -> None:
    """Remove what we put there and the directory, unless there is something else in it."""
    names = os.listdir(fd)
    if not _FILES.issuperset(names) or not _is_at(place, fd):
        return
    for name in names:
        os.unlink(name, dir_fd=fd)
    os.rmdir(place)
