"""Host I/O: gdb reads the executables over the connection, and no other file of the host.

Files in ``/proc`` are made up: they are about the machine's processes.

Source: "Debugging with GDB", E.7 (File-I/O packets of the vFile kind).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from emu.environment.files import lowest_free
from emu.gdb.packets import LARGEST

if TYPE_CHECKING:
    from emu.gdb.target import Target

_NO_ENTRY, _BAD_FILE = 2, 9
_REGULAR: Final = 0o100444


class HostFiles:
    """Files that are open to the debugger, by descriptor."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._open: dict[int, bytes] = {}

    def answer(self, request: bytes) -> bytes:
        """The answer to ``vFile:`` and this request.  Errors: ValueError, for a damaged request."""
        name, _, words = request.partition(b":")
        if name == b"setfs":
            return b"F0"
        if name == b"open":
            return self._opened(bytes.fromhex(words.split(b",")[0].decode()).decode())
        if name == b"readlink":
            return self._link(bytes.fromhex(words.decode()).decode())
        if name not in (b"pread", b"close", b"fstat"):
            return b""
        descriptor, *numbers = (int(word, 16) for word in words.split(b","))
        data = self._open.get(descriptor)
        if data is None:
            return b"F-1,%x" % _BAD_FILE
        if name == b"close":
            del self._open[descriptor]
            return b"F0"
        if name == b"fstat":
            return _reply(_stat(len(data)))
        count, offset = numbers
        return _reply(data[offset : offset + min(count, LARGEST // 2)])

    def _opened(self, path: str) -> bytes:
        """Open the program, the executable of a process, or what ``proc_file`` makes up."""
        try:
            data = self._content(path)
        except OSError as error:
            return b"F-1,%x" % (error.errno or _NO_ENTRY)
        if data is None:
            return b"F-1,%x" % _NO_ENTRY
        descriptor = lowest_free(self._open)
        self._open[descriptor] = data
        return b"F%x" % descriptor

    def _link(self, path: str) -> bytes:
        from emu.gdb.procfs import proc_link

        data = proc_link(self._target, path)
        return b"F-1,%x" % _NO_ENTRY if data is None else _reply(data)

    def _content(self, path: str) -> bytes | None:
        """The content of a file that gdb may read, else None.  Errors: OSError."""
        if path.startswith("/proc/"):
            from emu.gdb.procfs import proc_file

            return proc_file(self._target, path)
        run = {self._target.executable(pid) for pid in self._target.pids}
        if path not in {self._target.program, *run} - {""}:
            return None
        with open(path, "rb") as stream:
            return stream.read()


def _reply(data: bytes) -> bytes:
    return b"F%x;%s" % (len(data), data)


def _stat(size: int) -> bytes:
    """The protocol's struct stat of a read-only file."""
    return struct.pack(">7I3Q3I", 0, 0, _REGULAR, 1, 0, 0, 0, size, 512, size // 512 + 1, 0, 0, 0)
