"""Regular files beneath one directory of the host, and no others.

Failures are ``OSError``s with an ``errno``.  A path is walked component by component, each opened
relative to the one before and none through a symbolic link.  So no path leads out of the
directory: not by ``..``, not as an absolute path, not by a link, and not by a directory exchanged
meanwhile.
"""

from __future__ import annotations

import os
import stat
import weakref
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import IntFlag
from errno import EACCES, EFBIG, EINVAL, EISDIR, ELOOP, EMFILE, ENOENT
from itertools import count
from typing import Protocol

MAX_FILE_SIZE = 0x7FFFFFFF
"""The length of a longer file is not a positive 32-bit number."""

MAX_SCRIPTED_SIZE = 64 << 20
"""The length of a file that exists only in memory: a seek must not make it gigabytes."""

_SHORT = 64 << 10
"""Bytes that a read may ask for, whatever the size of the file."""

OPEN_MAX = 512
"""Files that all processes together may have open: the host's own limit is often 1,024."""

_GONE = -1
"""The descriptor of a file that could not be opened again."""

_OPEN_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class OpenMode(IntFlag):
    """How a file is opened."""

    READ = 1
    WRITE = 2
    CREATE = 4
    TRUNCATE = 8


class Files(Protocol):
    """Files known by path, and by handle while open."""

    def open(self, path: bytes, mode: OpenMode) -> int:
        """Open a file and return its handle."""

    def close(self, handle: int) -> None: ...

    def read(self, handle: int, offset: int, length: int) -> bytes:
        """At most ``length`` bytes from ``offset`` on; fewer only at the file's end."""

    def write(self, handle: int, offset: int, data: bytes) -> None:
        """Write all of ``data`` at ``offset``; a gap before it reads as zeros."""

    def length(self, handle: int) -> int: ...

    def remove(self, path: bytes) -> None: ...

    def rename(self, old: bytes, new: bytes) -> None: ...


class ChangedFiles(Files, Protocol):
    """Files whose changes can be taken back."""

    def mark(self) -> int:
        """A place among the changes, which are noted from the first mark on."""

    def take_back(self, mark: int) -> None:
        """Take back what was changed since a mark, as far as it is ours to change back."""


class _Changes:
    """What takes back each change, in order; nothing is noted before the first mark."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] | None = None

    def note(self, undo: Callable[[], object]) -> None:
        if self._undo is not None:
            self._undo.append(undo)

    @property
    def are_noted(self) -> bool:
        return self._undo is not None

    def mark(self) -> int:
        if self._undo is None:
            self._undo = []
        return len(self._undo)

    def take_back(self, mark: int) -> None:
        undo = self._undo or []
        while len(undo) > mark:
            undo.pop()()


def host_error(number: int) -> OSError:
    """The error that the host's own calls raise for this errno value."""
    return OSError(number, os.strerror(number))


def path_components(path: bytes) -> list[bytes]:
    """The components of ``path``, with ``.`` and ``..`` resolved; EACCES if it leads out.

    ``..`` can be resolved in the text because no component may be a symbolic link.
    """
    if not path:
        raise host_error(ENOENT)
    if b"\0" in path:
        raise host_error(EINVAL)
    if path.startswith(b"/"):
        raise host_error(EACCES)
    names: list[bytes] = []
    for name in path.split(b"/"):
        if name == b"..":
            if not names:
                raise host_error(EACCES)
            names.pop()
        elif name not in (b"", b"."):
            names.append(name)
    if not names:
        raise host_error(EISDIR)
    return names


def _close(root: int | None, files: dict[int, int]) -> None:
    """Close files that can no longer be reached, and their directory."""
    for fd in (*files.values(), *(() if root is None else (root,))):
        if fd != _GONE:
            os.close(fd)


class HostFiles:
    """Files beneath ``root``, known by handle while open; no files without a root."""

    def __init__(self, root: str | None = None) -> None:
        self._root = None if root is None else os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        self._open: dict[int, int] = {}
        self._opened: dict[int, tuple[bytes, OpenMode]] = {}
        self._changes = _Changes()
        weakref.finalize(self, _close, self._root, self._open)

    def open(self, path: bytes, mode: OpenMode) -> int:
        """Open a regular file and return its handle.

        Anything else is not opened: a process that waits to write to a pipe would go on.  What
        takes the place of a regular file meanwhile is found out afterwards; O_NONBLOCK keeps the
        open of a pipe from waiting.
        """
        if len(self._open) >= OPEN_MAX:
            raise host_error(EMFILE)
        fd = self._open_regular(path, mode)
        handle = lowest_free(self._open)
        self._open[handle], self._opened[handle] = fd, (path, mode)
        self._changes.note(lambda: self._close_again(handle))
        return handle

    def _close_again(self, handle: int) -> None:
        """Take back an open."""
        del self._opened[handle]
        _close(None, {handle: self._open.pop(handle)})

    def _open_regular(self, path: bytes, mode: OpenMode) -> int:
        with self._parent(path) as (directory, name):
            _check_regular(directory, name)
            fd = os.open(name, _open_flags(mode), 0o666, dir_fd=directory)
        try:
            _check_kind(os.fstat(fd).st_mode)
        except OSError:
            os.close(fd)
            raise
        return fd

    def close(self, handle: int) -> None:
        fd, opened = self._open.pop(handle), self._opened.pop(handle)
        _close(None, {handle: fd})
        self._changes.note(lambda: self._open_again(handle, *opened))

    def _open_again(self, handle: int, path: bytes, mode: OpenMode) -> None:
        """Take back a close.  What is done with a file that is gone fails as with a closed one."""
        self._open[handle], self._opened[handle] = _GONE, (path, mode)
        with suppress(OSError):
            again = mode & ~(OpenMode.CREATE | OpenMode.TRUNCATE)
            self._open[handle] = self._open_regular(path, again)

    def read(self, handle: int, offset: int, length: int) -> bytes:
        """At most ``length`` bytes; not much more memory is allocated than the file's size."""
        fd = self._open[handle]
        if length <= _SHORT:
            return os.pread(fd, length, offset)
        there = os.fstat(fd).st_size - offset
        return os.pread(fd, min(length, there), offset) if there > 0 else b""

    def write(self, handle: int, offset: int, data: bytes) -> None:
        if offset + len(data) > MAX_FILE_SIZE:
            raise host_error(EFBIG)
        fd = self._open[handle]
        written = os.pwrite(fd, data, offset) if data else 0
        if written < len(data):
            self._write_rest(fd, memoryview(data)[written:], offset + written)

    def _write_rest(self, fd: int, rest: memoryview, offset: int) -> None:
        while rest:
            written = os.pwrite(fd, rest, offset)
            rest, offset = rest[written:], offset + written

    def length(self, handle: int) -> int:
        size = os.fstat(self._open[handle]).st_size
        if size > MAX_FILE_SIZE:
            raise host_error(EFBIG)
        return size

    def remove(self, path: bytes) -> None:
        with self._parent(path) as (directory, name):
            _check_regular(directory, name)
            os.unlink(name, dir_fd=directory)

    def rename(self, old: bytes, new: bytes) -> None:
        with self._parent(old) as (source, old_name), self._parent(new) as (target, new_name):
            _check_regular(source, old_name)
            _check_regular(target, new_name)
            os.rename(old_name, new_name, src_dir_fd=source, dst_dir_fd=target)

    def mark(self) -> int:
        return self._changes.mark()

    def take_back(self, mark: int) -> None:
        """Close what was opened since, and open what was closed; files stay as they are."""
        self._changes.take_back(mark)

    @contextmanager
    def _parent(self, path: bytes) -> Iterator[tuple[int, bytes]]:
        """The opened directory that holds ``path``, and the last component."""
        if self._root is None:
            raise host_error(EACCES)
        *directories, name = path_components(path)
        fd = os.dup(self._root)
        try:
            for directory in directories:
                inner = os.open(directory, _DIRECTORY_FLAGS, dir_fd=fd)
                os.close(fd)
                fd = inner
            yield fd, name
        finally:
            os.close(fd)


def _check_regular(directory: int, name: bytes) -> None:
    """Errors: OSError, if there is something of this name that is no regular file."""
    try:
        kind = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    _check_kind(kind)


def _check_kind(mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise host_error(ELOOP)
    if not stat.S_ISREG(mode):
        raise host_error(EISDIR if stat.S_ISDIR(mode) else EACCES)


class ScriptedFiles:
    """Files that exist only in this object, for tests."""

    def __init__(self, contents: Mapping[bytes, bytes]) -> None:
        self.contents = {path: bytearray(data) for path, data in contents.items()}
        self._open: dict[int, bytearray] = {}
        self._changes = _Changes()

    def open(self, path: bytes, mode: OpenMode) -> int:
        name = _plain(path)
        if OpenMode.CREATE not in mode and name not in self.contents:
            raise host_error(ENOENT)
        if name not in self.contents:
            self.contents[name] = bytearray()
            self._changes.note(lambda: self.contents.pop(name))
        content = self.contents[name]
        if OpenMode.TRUNCATE in mode:
            self._note_content(content, 0)
            content.clear()
        handle = lowest_free(self._open)
        self._open[handle] = content
        self._changes.note(lambda: self._open.pop(handle))
        return handle

    def close(self, handle: int) -> None:
        content = self._open.pop(handle)
        self._changes.note(lambda: self._open.update({handle: content}))

    def read(self, handle: int, offset: int, length: int) -> bytes:
        return bytes(self._open[handle][offset : offset + length])

    def write(self, handle: int, offset: int, data: bytes) -> None:
        if offset + len(data) > MAX_SCRIPTED_SIZE:
            raise host_error(EFBIG)
        content = self._open[handle]
        self._note_content(content, min(offset, len(content)), offset + len(data))
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data

    def length(self, handle: int) -> int:
        return len(self._open[handle])

    def remove(self, path: bytes) -> None:
        self._take(_plain(path))

    def rename(self, old: bytes, new: bytes) -> None:
        name, target = _plain(old), _plain(new)
        content, replaced = self._take(name), self.contents.get(target)
        self.contents[target] = content
        self._changes.note(lambda: self._put(target, replaced))

    def _take(self, name: bytes) -> bytearray:
        """Remove a file and return its content."""
        content = self.contents.pop(name, None)
        if content is None:
            raise host_error(ENOENT)
        self._changes.note(lambda: self._put(name, content))
        return content

    def _put(self, name: bytes, content: bytearray | None) -> None:
        """Make the file of this name have this content, or be none."""
        if content is None:
            del self.contents[name]
        else:
            self.contents[name] = content

    def _note_content(self, content: bytearray, start: int, end: int | None = None) -> None:
        """Note that the bytes from ``start`` to ``end`` change, or that there will be more."""
        if self._changes.are_noted:
            old, length = bytes(content[start:end]), len(content)
            self._changes.note(lambda: _become(content, start, old, length))

    def mark(self) -> int:
        return self._changes.mark()

    def take_back(self, mark: int) -> None:
        self._changes.take_back(mark)

    def snapshot(self) -> tuple[tuple[bytes, bytes], ...]:
        """The contents by path."""
        return tuple((path, bytes(content)) for path, content in sorted(self.contents.items()))

    def restore(self, contents: tuple[tuple[bytes, bytes], ...]) -> None:
        """Set the contents.  Open files stay open, with their old contents."""
        self.contents = {path: bytearray(content) for path, content in contents}


def _become(content: bytearray, start: int, old: bytes, length: int) -> None:
    """Have these bytes at ``start`` again, and so many in all."""
    content[start : start + len(old)] = old
    del content[length:]


def lowest_free(taken: Container[int], start: int = 0) -> int:
    """The lowest number from ``start`` on that is not in ``taken``."""
    return next(number for number in count(start) if number not in taken)


def _plain(path: bytes) -> bytes:
    """A path as the key of a scripted file."""
    return b"/".join(path_components(path))


def _open_flags(mode: OpenMode) -> int:
    access = {OpenMode.READ: os.O_RDONLY, OpenMode.WRITE: os.O_WRONLY}
    flags = access.get(mode & (OpenMode.READ | OpenMode.WRITE), os.O_RDWR)
    if OpenMode.CREATE in mode:
        flags |= os.O_CREAT
    if OpenMode.TRUNCATE in mode:
        flags |= os.O_TRUNC
    return flags | _OPEN_FLAGS
