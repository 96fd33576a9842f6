"""The host's standard streams: input by lines, and output that no interrupted wait loses."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from emu.environment.requests import Cause
from emu.environment.waits import Interrupted, Waits, Writer


class InputState(NamedTuple):
    """The position in standard input: the number of pieces so far, and the bytes left of them."""

    pieces: int
    pending: bytes
    ended: bool


class InputLines:
    """Standard input by lines, made of pieces from ``refill``, which returns b"" at the end.

    Pieces are kept from the first snapshot on, to be read again after a restore.
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
        """Go to a position of this input, whose later pieces are read again, or of another."""
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
        """Whether a read can be answered from the pieces at hand."""
        kept = self._kept
        again = kept is not None and self._pieces - self._kept_from < len(kept)
        return again or self.ended or b"\n" in self.pending

    def unread(self, data: bytes) -> None:
        """Have the last bytes that were read be read again."""
        self.pending[:0] = data

    def read(self, length: int) -> bytes:
        pending = self.pending
        if length <= len(pending):
            end = 1 if length == 1 else pending.find(b"\n", 0, length) + 1 or length
            taken = bytes(pending[:end])
            del pending[:end]
            return taken
        return self._read_on(length)

    def _read_on(self, length: int) -> bytes:
        """``read`` where more pieces may be needed."""
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
        """The end of the line that ends in [start, end) of the pending bytes; 0 if none does."""
        return self.pending.find(b"\n", start, end) + 1


class HostOutput:
    """A stream of this process to write to.

    unsent: the bytes that had no room when the wait for room was ended.
    """

    def __init__(self, fd: int, waits: Waits) -> None:
        self._writer = Writer(fd, waits)
        self.unsent = b""

    def write(self, data: bytes) -> Cause | None:
        """Write unsent bytes and then ``data``; the cause if the wait for room was ended.

        Errors: OSError.
        """
        writer = self._writer
        if not 0 < len(data) <= writer.room:
            return self._write_on(data)
        try:  # nothing is unsent
            sent = os.write(writer.fd, data)
        except BlockingIOError:  # others share the descriptor
            return self._write_on(data)
        writer.room -= sent
        return None if sent == len(data) else self._write_on(data[sent:])

    def _write_on(self, data: bytes) -> Cause | None:
        """``write`` where it may take a wait."""
        whole = self.unsent + data if self.unsent else data
        rest: bytes | memoryview = whole
        try:
            sent = self._writer.write(whole)
            if sent < len(whole):
                rest = memoryview(whole)[sent:]
                while rest:
                    rest = rest[self._writer.write(rest) :]
        except Interrupted as interrupted:
            self.unsent = bytes(rest)
            return interrupted.cause
        self.unsent = b""
        return None
