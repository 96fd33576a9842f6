"""Plain values as bytes: the answers of a run's outside, each with its place.

An integer is written in groups of seven bits, lowest first, each but the last with bit 7 set
(LEB128).  A signed one is folded first, so that small values of either sign are short.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emu.environment.requests import Answer, Cause, Failed, Lost

_MOST_BITS: Final = 64
_CAUSES: Final = tuple(Cause)


class MalformedError(ValueError):
    """Bytes that no value has."""


class Reader:
    """Reads values from bytes, from the first on.  Errors of each method: MalformedError."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def is_at_end(self) -> bool:
        """Whether all has been read."""
        return self._at == len(self._data)

    def taken(self, length: int) -> bytes:
        """The next bytes."""
        data = self._data[self._at : self._at + length]
        if len(data) != length:
            raise MalformedError("values that end too soon")
        self._at += length
        return data

    def unsigned(self) -> int:
        """An integer of at most 64 bits."""
        value = 0
        for shift in range(0, _MOST_BITS, 7):
            byte = self.taken(1)[0]
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return value
        raise MalformedError("an integer of more than 64 bits")

    def signed(self) -> int:
        folded = self.unsigned()
        return -(folded >> 1) - 1 if folded & 1 else folded >> 1

    def data(self) -> bytes:
        """Bytes after their length."""
        return self.taken(self.unsigned())

    def answer(self) -> Answer:
        """What ``put_answer`` wrote."""
        tag = self.taken(1)[0]
        if tag >= len(_READERS):
            raise MalformedError(f"no kind of answer: {tag}")
        return _READERS[tag](self)

    def cause(self) -> Cause:
        number = self.unsigned()
        if number >= len(_CAUSES):
            raise MalformedError(f"no cause: {number}")
        return _CAUSES[number]

    def lost(self) -> Lost:
        return Lost(self._stream(), self.unsigned())

    def _stream(self) -> int:
        stream = self.unsigned()
        if stream > 2:
            raise MalformedError(f"no standard stream: {stream}")
        return stream


_READERS: Final[tuple[Callable[[Reader], Answer], ...]] = (
    lambda _: None,
    lambda _: False,
    lambda _: True,
    Reader.signed,
    Reader.data,
    lambda reader: Failed(reader.unsigned()),
    Reader.lost,
    Reader.cause,
)
_NONE, _FALSE, _TRUE, _INT, _BYTES, _FAILED, _LOST, _CAUSE = range(len(_READERS))


def put_unsigned(out: bytearray, value: int) -> None:
    """Append an integer that is not negative."""
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def put_signed(out: bytearray, value: int) -> None:
    put_unsigned(out, -value * 2 - 1 if value < 0 else value * 2)


def put_data(out: bytearray, data: bytes) -> None:
    """Append bytes after their length."""
    put_unsigned(out, len(data))
    out += data


def put_cause(out: bytearray, cause: Cause) -> None:
    put_unsigned(out, _CAUSES.index(cause))


def put_answer(out: bytearray, answer: Any) -> None:
    """Append an answer to any request but ``Begin``."""
    if answer is None or answer is False or answer is True:
        out.append((None, False, True).index(answer))
    elif isinstance(answer, int):
        out.append(_INT)
        put_signed(out, answer)
    elif isinstance(answer, bytes):
        out.append(_BYTES)
        put_data(out, answer)
    elif isinstance(answer, Failed):
        out.append(_FAILED)
        put_unsigned(out, answer.errno)
    elif isinstance(answer, Lost):
        out.append(_LOST)
        put_unsigned(out, answer.stream)
        put_unsigned(out, answer.errno)
    else:
        assert isinstance(answer, Cause), answer
        out.append(_CAUSE)
        put_cause(out, answer)
