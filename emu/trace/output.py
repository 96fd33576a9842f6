"""Where a trace goes: a file, a pipe or standard error, written in large pieces.

A file is well formed whenever a piece has been written: what a format needs at its end stands
there at all times, and is overwritten by the next piece.  When the host takes the output away (a
full disk, a closed pipe) that is said once and everything else is dropped: the guest runs on.
So it is where the wait for a reader is interrupted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from emu.environment.waits import Interrupted, Waits, Writer

PIECES = 512
"""How many strings are gathered before they are written."""


class Output:
    """Takes strings.  ``pieces`` may be appended to directly; then call ``flush`` now and then.

    lost: the output is gone, and nothing more is kept.
    """

    def __init__(
        self, fd: int, name: str, ending: str = "", shared: bool = False, waits: Waits | None = None
    ) -> None:
        """fd: closed by ``close``, unless it is shared.  name: for people.  waits: the world's.

        ending: what closes a well-formed file.  shared: others write there too, and somebody may
        read along.
        """
        self.pieces: list[str] = []
        self.lost = False
        self._shared = shared
        self.on_lost: Callable[[str], None] = lambda _: None
        self._fd, self._name, self._ending = fd, name, ending
        self._writer = Writer(fd, waits or Waits())
        self._is_file = not shared and stat.S_ISREG(os.fstat(fd).st_mode)
        self._end = 0

    def write(self, text: str) -> None:
        self.pieces.append(text)
        if len(self.pieces) >= PIECES:
            self.flush()

    def pause(self) -> None:
        """Write now what others are to read along with their own output."""
        if self._shared:
            self.flush()

    def flush(self) -> None:
        """Write what has been gathered."""
        data = "".join(self.pieces).encode("utf-8", "surrogateescape")
        self.pieces.clear()
        if self.lost or not data:
            return
        try:
            self._put(data)
        except Interrupted:
            self.lost = True
        except OSError as error:
            self.lost = True
            self.on_lost(f"{self._name}: {error.strerror}: the trace ends here")

    def close(self) -> None:
        """Write the rest and the ending."""
        if not self._is_file:
            self.pieces.append(self._ending)
        self.flush()
        if not self._shared:
            os.close(self._fd)

    def _put(self, data: bytes) -> None:
        if not self._is_file:
            self._writer.write_all(data)
            return
        try:
            _write_all_at(self._fd, data + self._ending.encode(), self._end)
        except OSError:
            self._restore()
            raise
        self._end += len(data)

    def _restore(self) -> None:
        """Drop a piece that was written in part; what it overwrote has room where it was."""
        if self._end:
            os.ftruncate(self._fd, self._end)
            _write_all_at(self._fd, self._ending.encode(), self._end)


def _write_all_at(fd: int, data: bytes, offset: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(fd, rest, offset)
        rest, offset = rest[written:], offset + written
