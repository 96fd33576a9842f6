"""Packets of the protocol in a stream of bytes: framing, checksums, escapes.

Source: "Debugging with GDB", E.1 (overview).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

INTERRUPT: Final = b"\x03"
LARGEST: Final = 1 << 16
"""The most bytes of a packet, told to gdb as ``PacketSize``.  Longer packets are dropped."""

_ESCAPED: Final = b"#$}*"


class Packets:
    """Makes packets of bytes as they come.

    Each is a packet's contents, ``INTERRUPT``, or None for a packet that was damaged or too long.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """The packets that are complete with these bytes."""
        self._rest += data
        while self._rest:
            first = self._rest[:1]
            if first == INTERRUPT:
                del self._rest[:1]
                yield INTERRUPT
            elif first != b"$":
                del self._rest[:1]  # acknowledgements, and noise
            else:
                end = self._rest.find(b"#")
                if end < 0 or len(self._rest) < end + 3:
                    if len(self._rest) > LARGEST:
                        self._rest.clear()
                        yield None
                    return
                yield self._take(end)

    def _take(self, end: int) -> bytes | None:
        body, check = bytes(self._rest[1:end]), bytes(self._rest[end + 1 : end + 3])
        del self._rest[: end + 3]
        try:
            is_whole = int(check, 16) == sum(body) & 0xFF and b"$" not in body
        except ValueError:
            is_whole = False
        return unescaped(body) if is_whole and len(body) <= LARGEST else None


def packet(body: bytes) -> bytes:
    """A packet to send."""
    text = escaped(body)
    return b"$%s#%02x" % (text, sum(text) & 0xFF)


def escaped(data: bytes) -> bytes:
    """Binary data as a packet can hold it."""
    return b"".join(
        b"}" + bytes([byte ^ 0x20]) if byte in _ESCAPED else bytes([byte]) for byte in data
    )


def unescaped(data: bytes) -> bytes:
    """The data that ``escaped`` was given."""
    plain, pieces = bytearray(), iter(data)
    for byte in pieces:
        plain.append(next(pieces, 0) ^ 0x20 if byte == 0x7D else byte)
    return bytes(plain)
