"""Where a debugger connects: a port of this host alone, or a Unix socket."""

from __future__ import annotations

import os
import select
import socket
from contextlib import suppress
from typing import Final

from emu.gdb.packets import LARGEST

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_CHUNK: Final = 65536

SILENT: Final = 8
"""Peers that may have connected and sent no packet yet; of more the first are dropped."""
_BEFORE: Final = b"+-\x03"
"""What a debugger may send before its first packet: acknowledgements and interrupts."""


class AddressError(ValueError):
    """The text names no place to listen at; the message says why."""


class Listener:
    """Listens until a debugger has connected.

    place: ``PORT``, ``HOST:PORT`` or the path of a Unix socket.  name: the place as messages and
    gdb name it.
    Errors: AddressError, OSError.
    """

    def __init__(self, place: str, anywhere: bool = False) -> None:
        """anywhere: whether HOST may be an address that other hosts reach."""
        self._path = ""
        if "/" in place:
            self._path = self.name = place
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.bind(place)
        else:
            host, _, port = place.rpartition(":")
            host = host or _LOOPBACK[0]
            if not port.isdecimal() or int(port) > 0xFFFF:
                raise AddressError(f"{place!r} is no [HOST:]PORT and no path of a socket")
            if host not in _LOOPBACK and not anywhere:
                raise AddressError(
                    f"{host} is not this host alone, and whoever connects does what he wants with "
                    "the machine; --gdb-anywhere allows it"
                )
            self._socket = socket.create_server((host, int(port)))
            self.name = f"{host}:{self._socket.getsockname()[1]}"
        self._socket.listen(2 * SILENT)

    def accept(self) -> Connection:
        """Wait for a debugger: the first to send a packet, if nothing else came before that.

        Others are dropped, as a browser that is made to send packets in a form; and those who
        send no packet keep nobody out.
        """
        said: dict[socket.socket, bytes] = {}
        try:
            while True:
                ready, _, _ = select.select([self._socket, *said], [], [])
                for one in ready:
                    if one is self._socket:
                        said[one.accept()[0]] = b""
                        continue
                    more = _received(one)
                    said[one] += more
                    is_debugger = _is_debugger(said[one])
                    if is_debugger:
                        return self._connected(one, said.pop(one))
                    if is_debugger is False or not more:
                        _drop(said, one)
                while len(said) > SILENT:
                    _drop(said, next(iter(said)))
        finally:
            for one in said:
                one.close()

    def _connected(self, connected: socket.socket, said: bytes) -> Connection:
        if not self._path:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Connection(connected, said)

    def close(self) -> None:
        """Cease to listen."""
        self._socket.close()
        if self._path:
            with suppress(FileNotFoundError):
                os.unlink(self._path)


def _is_debugger(said: bytes) -> bool | None:
    """Whether what a peer has said so far is a debugger's; None: that is not known yet."""
    rest = said.lstrip(_BEFORE)
    if rest and not rest.startswith(b"$"):
        return False
    if 0 < rest.find(b"#") <= len(rest) - 3:
        return True
    return None if len(said) <= LARGEST else False


def _received(connected: socket.socket) -> bytes:
    """The bytes that have come; b"" when the peer has gone."""
    try:
        return connected.recv(_CHUNK)
    except OSError:
        return b""


def _drop(said: dict[socket.socket, bytes], one: socket.socket) -> None:
    del said[one]
    one.close()


class Connection:
    """The connection to a debugger.  Any error ends it."""

    def __init__(self, connected: socket.socket, said: bytes) -> None:
        """said: what has been received already."""
        self._socket, self._said = connected, said

    def receive(self) -> bytes:
        """The bytes that have come, at least one; b"" when the debugger has gone."""
        said, self._said = self._said, b""
        return said or _received(self._socket)

    def send(self, data: bytes) -> None:
        """Send all of ``data``; if that fails, the connection has ended."""
        with suppress(OSError):
            self._socket.sendall(data)

    def wait(self, doorbell: Doorbell) -> bool:
        """Wait for bytes or for the bell; whether bytes came."""
        ready, _, _ = select.select([self._socket.fileno(), doorbell.fd], [], [])
        return self._socket.fileno() in ready

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class Doorbell:
    """Ends another thread's wait, once.  fd: readable once the bell has rung."""

    def __enter__(self) -> Doorbell:
        self.fd, self._writer = os.pipe()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)
        os.close(self._writer)

    def ring(self) -> None:
        os.write(self._writer, b"\0")

    def wait(self, seconds: float) -> bool:
        """Wait at most ``seconds`` for the bell; whether it has rung."""
        return bool(select.select([self.fd], [], [], seconds)[0])
