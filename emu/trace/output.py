"""Where a trace goes: a file, a pipe or standard error, written in large pieces.

A file is well formed after every piece: the format's ending is written too, and the next piece
overwrites it.  When the host takes the output away (a full disk, a closed pipe), or the wait for a
reader is interrupted, that is reported once and everything else is dropped: the guest runs on.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from emu.environment.waits import Interrupted, Waits, Writer

PIECES = 512
"""The number of strings that are gathered before they are written."""

GATHERED = 1 << 20
"""Characters that ``write`` gathers before they are written, whatever the number of strings."""


class Output:
    """Takes strings.  Callers that append to ``pieces`` themselves call ``flush`` now and then.

    lost: the output is gone, and nothing more is kept.
    """

    def __init__(
        self, fd: int, name: str, ending: str = "", shared: bool = False, waits: Waits | None = None
    ) -> None:
        """fd: closed by ``close``, unless it is shared.  name: for people.  waits: the world's.

        ending: what closes a well-formed file.  shared: others write there too, and a person may
        be reading.
        """
        self.pieces: list[str] = []
        self._gathered = 0
        self.lost = False
        self._shared = shared
        self.on_lost: Callable[[str], None] = lambda _: None
        self._fd, self._name, self._ending = fd, name, ending
        self._writer = Writer(fd, waits or Waits())
        self._is_file = not shared and stat.S_ISREG(os.fstat(fd).st_mode)
        self._end = 0

    def write(self, text: str) -> None:
        self.pieces.append(text)
        self._gathered += len(text)
        if len(self.pieces) >= PIECES or self._gathered >= GATHERED:
            self.flush()

    def pause(self) -> None:
        """Write what has been gathered now, if the output is shared."""
        if self._shared:
            self.flush()

    def flush(self) -> None:
        """Write what has been gathered."""
        data = "".join(self.pieces).encode("utf-8", "surrogateescape")
        self.pieces.clear()
        self._gathered = 0
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
        """Drop a piece that was written in part, and write the ending again in its place."""
        if self._end:
            os.ftruncate(self._fd, self._end)
            _write_all_at(self._fd, self._ending.encode(), self._end)


def _write_all_at(fd: int, data: bytes, offset: int) -> None:
    rest = memoryview(data)
    while rest:
        written = os.pwrite(fd, rest, offset)
        rest, offset = rest[written:], offset + written
