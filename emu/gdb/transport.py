"""Where a debugger connects: a port of this host alone, or a Unix socket."""

from __future__ import annotations

import os
import select
import socket
from contextlib import suppress
from typing import Final

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_CHUNK: Final = 65536


class AddressError(ValueError):
    """No place to listen at; the text says why, for people."""


class Listener:
    """Listens until a debugger has connected.

    place: ``PORT``, ``HOST:PORT`` or the path of a Unix socket.  name: for people and for gdb.
    Errors: AddressError, OSError.
    """

    def __init__(self, place: str, anywhere: bool = False) -> None:
        """anywhere: whether other hosts may connect, where HOST says so."""
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
        self._socket.listen(1)

    def accept(self) -> Connection:
        """Wait for a debugger."""
        connected, _ = self._socket.accept()
        if not self._path:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Connection(connected)

    def close(self) -> None:
        """Give the place back."""
        self._socket.close()
        if self._path:
            with suppress(FileNotFoundError):
                os.unlink(self._path)


class Connection:
    """The connection to a debugger.  Whatever goes wrong ends it."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def receive(self) -> bytes:
        """What has come, at least a byte; b"" when the debugger has gone."""
        try:
            return self._socket.recv(_CHUNK)
        except OSError:
            return b""

    def send(self, data: bytes) -> None:
        """All of it, or nothing is heard of it any more."""
        with suppress(OSError):
            self._socket.sendall(data)

    def wait(self, doorbell: Doorbell) -> bool:
        """Wait for something to come, or for the bell; whether something came."""
        ready, _, _ = select.select([self._socket.fileno(), doorbell.fd], [], [])
        return self._socket.fileno() in ready

    def close(self) -> None:
        """End it."""
        self._socket.close()


class Doorbell:
    """Ends another thread's wait, once.  fd: readable when it has rung."""

    def __enter__(self) -> Doorbell:
        self.fd, self._writer = os.pipe()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)
        os.close(self._writer)

    def ring(self) -> None:
        os.write(self._writer, b"\0")

    def wait(self, seconds: float) -> bool:
        """Wait for so long at most; whether it has rung."""
        return bool(select.select([self.fd], [], [], seconds)[0])
