"""The host's standard streams: input by lines, and output that a wait cannot lose."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from emu.environment.requests import Cause
from emu.environment.waits import Interrupted, Waits, Writer


class InputState(NamedTuple):
    """How far standard input has been read: pieces so far, and what of them is left."""

    pieces: int
    pending: bytes
    ended: bool


class InputLines:
    """Standard input by lines, from pieces that ``refill`` gives; b"" from it is the end.

    From the first snapshot on pieces are kept, so that they can be read again after a restore.
    """

    def __init__(self, refill: Callable[[], bytes]) -> None:
        self._refill = refill
        self.pending = bytearray()
        self.ended = False
        self._pieces = 0
        self._kept: list[bytes] | None = None
        self._kept_from = 0

    def snapshot(self) -> InputState:
        if self._kept is None:
            self._kept, self._kept_from = [], self._pieces
        return InputState(self._pieces, bytes(self.pending), self.ended)

    def restore(self, state: InputState) -> None:
        """Be where an input was: this one, whose pieces since then come again, or another."""
        if self._kept is None or state.pieces < self._kept_from:
            self._kept, self._kept_from = [], state.pieces
        self._pieces, self.ended = state.pieces, state.ended
        self.pending[:] = state.pending

    def _next_piece(self) -> bytes:
        at, kept = self._pieces - self._kept_from, self._kept
        if kept is not None and at < len(kept):
            piece = kept[at]
        else:
            piece = self._refill()
            if kept is not None:
                kept.append(piece)
        self._pieces += 1
        return piece

    @property
    def is_at_hand(self) -> bool:
        """Whether a read needs no piece that has not come yet."""
        kept = self._kept
        again = kept is not None and self._pieces - self._kept_from < len(kept)
        return again or self.ended or b"\n" in self.pending

    def read(self, length: int) -> bytes:
        searched = 0
        while not (end := self._line_end(searched, length)):
            if len(self.pending) >= length or self.ended:
                end = length
                break
            searched = len(self.pending)
            piece = self._next_piece()
            self.ended = not piece
            self.pending += piece
        taken = bytes(self.pending[:end])
        del self.pending[:end]
        return taken

    def _line_end(self, start: int, end: int) -> int:
        """Where a line that ends in [start, end) of what is pending does so; else 0."""
        return self.pending.find(b"\n", start, end) + 1


class HostOutput:
    """A stream of this process's to write to.

    unsent: what had no room when the wait for it was ended.
    """

    def __init__(self, fd: int, waits: Waits) -> None:
        self._writer = Writer(fd, waits)
        self.unsent = b""

    def write(self, data: bytes) -> Cause | None:
        """Put ``data`` on the stream, after what is unsent; why waiting for room was ended.

        Errors: OSError.
        """
        rest = memoryview(self.unsent + data if self.unsent else data)
        try:
            while rest:
                rest = rest[self._writer.write(rest) :]
        except Interrupted as interrupted:
            self.unsent = bytes(rest)
            return interrupted.cause
        self.unsent = b""
        return None
