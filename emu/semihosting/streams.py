"""The streams behind semihosting handles: the console's three ends, a file, the features."""

# ruff: noqa: ARG002 - each kind of stream uses its own part of one common interface

from __future__ import annotations

from dataclasses import dataclass, replace
from errno import EACCES, EBADF, EINVAL, ESPIPE
from typing import Final, NamedTuple

from emu.environment.files import OpenMode, host_error
from emu.environment.outside import Outside
from emu.environment.requests import STDERR, STDIN, STDOUT

CONSOLE_NAME: Final = b":tt"
FEATURES_NAME: Final = b":semihosting-features"
FEATURES: Final = b"SHFB" + bytes([0b11])
"""The contents of that file: the magic, then SH_EXT_EXIT_EXTENDED and SH_EXT_STDOUT_STDERR."""


class Mode(NamedTuple):
    """An ISO C ``fopen`` mode."""

    open: OpenMode
    append: bool = False


_READ: Final = int(OpenMode.READ)
_WRITE: Final = int(OpenMode.WRITE)
"""As plain numbers, because to ask a set of flags takes longer than to read a byte."""

# A mode's number is its index here, where each mode is listed again with "b" added.
_MODES: Final = (
    Mode(OpenMode.READ),
    Mode(OpenMode.READ | OpenMode.WRITE),
    Mode(OpenMode.WRITE | OpenMode.CREATE | OpenMode.TRUNCATE),
    Mode(OpenMode.READ | OpenMode.WRITE | OpenMode.CREATE | OpenMode.TRUNCATE),
    Mode(OpenMode.WRITE | OpenMode.CREATE, append=True),
    Mode(OpenMode.READ | OpenMode.WRITE | OpenMode.CREATE, append=True),
)


@dataclass
class Stream:
    """An open stream.  An operation that its kind does not have is an OSError."""

    def is_terminal(self, outside: Outside) -> bool:
        """Whether this is a terminal."""
        return False

    def read(self, outside: Outside, length: int) -> bytes:
        """At most ``length`` bytes; fewer at the end, or after a newline of a console."""
        raise host_error(EBADF)

    def write(self, outside: Outside, data: bytes) -> None:
        """Write all of ``data``."""
        raise host_error(EBADF)

    def seek(self, position: int) -> None:
        raise host_error(ESPIPE)

    def length(self, outside: Outside) -> int:
        return 0

    def close(self, outside: Outside) -> None:
        """Close what the outside has open for this stream, which for most kinds is nothing."""

    def closed(self) -> Stream:
        """This stream as a value, for which nothing is open outside."""
        return replace(self)

    def reopened(self, outside: Outside) -> Stream:
        """A stream like this one at its position.  Errors: OSError, when its file is gone."""
        return replace(self)


@dataclass
class ConsoleInput(Stream):
    """Standard input."""

    def is_terminal(self, outside: Outside) -> bool:
        return outside.is_terminal(STDIN)

    def read(self, outside: Outside, length: int) -> bytes:
        return outside.read_input(length)


@dataclass
class ConsoleOutput(Stream):
    """Standard output."""

    def is_terminal(self, outside: Outside) -> bool:
        return outside.is_terminal(STDOUT)

    def write(self, outside: Outside, data: bytes) -> None:
        outside.write_output(data)


@dataclass
class ConsoleError(Stream):
    """Standard error."""

    def is_terminal(self, outside: Outside) -> bool:
        return outside.is_terminal(STDERR)

    def write(self, outside: Outside, data: bytes) -> None:
        outside.write_error(data)


@dataclass
class Features(Stream):
    """The file that tells which extensions exist."""

    position: int = 0

    def read(self, outside: Outside, length: int) -> bytes:
        data = FEATURES[self.position : self.position + length]
        self.position += len(data)
        return data

    def seek(self, position: int) -> None:
        self.position = position

    def length(self, outside: Outside) -> int:
        return len(FEATURES)


@dataclass
class HostFile(Stream):
    """A file, with its path, mode and position, by which it can be opened again."""

    path: bytes
    mode: Mode
    handle: int
    position: int = 0

    def read(self, outside: Outside, length: int) -> bytes:
        if not int(self.mode.open) & _READ:
            raise host_error(EBADF)
        data = outside.files.read(self.handle, self.position, length)
        self.position += len(data)
        return data

    def write(self, outside: Outside, data: bytes) -> None:
        if not int(self.mode.open) & _WRITE:
            raise host_error(EBADF)
        if self.mode.append:
            self.position = outside.files.length(self.handle)
        outside.files.write(self.handle, self.position, data)
        self.position += len(data)

    def seek(self, position: int) -> None:
        self.position = position

    def length(self, outside: Outside) -> int:
        return outside.files.length(self.handle)

    def close(self, outside: Outside) -> None:
        outside.files.close(self.handle)

    def closed(self) -> HostFile:
        return replace(self, handle=-1)

    def reopened(self, outside: Outside) -> HostFile:
        again = self.mode.open & ~(OpenMode.CREATE | OpenMode.TRUNCATE)
        return replace(self, handle=outside.files.open(self.path, again))


def open_stream(outside: Outside, path: bytes, number: int) -> Stream:
    """Open ``path`` in the mode with this number."""
    if number >= 2 * len(_MODES):
        raise host_error(EINVAL)
    mode = _MODES[number // 2]
    if path == CONSOLE_NAME:
        return _console(mode)
    if path == FEATURES_NAME:
        if mode.open != OpenMode.READ:
            raise host_error(EACCES)
        return Features()
    return HostFile(path, mode, outside.files.open(path, mode.open))


def _console(mode: Mode) -> Stream:
    """The console's stream: standard input in modes r, output in w, error in a."""
    if mode.append:
        return ConsoleError()
    return ConsoleOutput() if OpenMode.CREATE in mode.open else ConsoleInput()
