"""The stub serves its debugger from any thread, and stops the machine without a signal."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from emu.debuginfo import open_files
from emu.environment.requests import Answer, Request
from emu.environment.world import HostWorld, World
from emu.gdb.packets import LARGEST, packet
from emu.gdb.running import Runner
from emu.gdb.server import Over, serve
from emu.gdb.target import Target
from emu.gdb.transport import SILENT, Listener
from emu.loader import load_elf
from emu.machine import Machine, Options
from tests.guests import guest
from tests.world.recording import Recorder


class Asked(Recorder):
    """Says when input is asked for."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.reads = threading.Semaphore(0)

    def answer(self, request: Request, moment: int) -> Answer:
        if request[0] == "read_input":
            self.reads.release()
        return super().answer(request, moment)


class Served:
    """A machine whose debugger this is, served by another thread."""

    def __init__(self, place: Path, path: Path, world: World) -> None:
        with path.open("rb") as stream:
            self.machine = Machine(load_elf(stream, path.name), world, Options(ram=16 << 20))
        runner = Runner(Target(self.machine, lambda: open_files(str(path)), str(path)))
        self._listener = Listener(str(place))
        self.ends: list[Over] = []
        self.thread = threading.Thread(
            target=lambda: self.ends.append(serve(runner, self._listener, pytest.fail))
        )
        self.thread.start()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(place))

    def ask(self, body: bytes) -> None:
        self.socket.sendall(packet(body))

    def answer(self) -> bytes:
        """The next packet."""
        got = b""
        while b"#" not in got[:-2]:
            got += self.socket.recv(1)
        self.socket.sendall(b"+")
        return got.lstrip(b"+")[1:-3]

    def end(self) -> None:
        self.ask(b"k")
        self.thread.join(30)
        self.socket.close()
        self._listener.close()


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[tuple[Served, Asked]]:
    """It waits for input, from a pipe that stays empty."""
    reader, writer = os.pipe()
    world = Asked(HostWorld(("prog",), streams=(reader, 1, 2)))
    served = Served(tmp_path / "gdb", guest("programs/echo"), world)
    yield served, world
    served.end()
    assert served.ends == [Over(False)]
    os.close(reader)
    os.close(writer)


def test_a_wait_for_input_is_interrupted_again_and_again(waiting: tuple[Served, Asked]) -> None:
    """By its own thread: where signals are handled no handler changes."""
    served, world = waiting
    handler = signal.getsignal(signal.SIGINT)
    for _ in range(3):
        served.ask(b"vCont;c")
        assert world.reads.acquire(timeout=30)
        served.socket.sendall(b"\x03")
        assert served.answer().startswith(b"T02")
        assert signal.getsignal(signal.SIGINT) is handler


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener("0")
    yield found
    found.close()


def peer(listener: Listener, says: bytes = b"") -> socket.socket:
    host, port = listener.name.split(":")
    connected = socket.create_connection((host, int(port)), 30)
    connected.sendall(says)
    return connected


def is_dropped(connected: socket.socket) -> bool:
    connected.settimeout(30)
    try:
        return connected.recv(1) == b""
    except ConnectionResetError:
        return True


POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n" + packet(b"QStartNoAckMode") + packet(b"k")


@pytest.mark.parametrize("first", [b"", b"+", b"\x03", b"-+"])
def test_who_does_not_begin_as_a_debugger_is_dropped(listener: Listener, first: bytes) -> None:
    """Nothing that it says is obeyed; who comes next is served."""
    no_debugger = (POST, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", first + POST,
                   b"$" * (LARGEST + 1))  # fmt: skip
    others = [peer(listener, says) for says in no_debugger]
    with peer(listener, first + b"$?#3f"):
        connection = listener.accept()
        assert connection.receive() == first + b"$?#3f"
        connection.close()
    for other in others:
        assert is_dropped(other)
        other.close()


@pytest.mark.parametrize("says", [b"", b"+", b"\x03", b"$qSupported", b"$?#3"])
def test_a_peer_without_a_packet_keeps_nobody_out(listener: Listener, says: bytes) -> None:
    silent = [peer(listener, says) for _ in range(SILENT + 3)]
    with peer(listener, b"+$?#3f"):
        connection = listener.accept()
        assert connection.receive() == b"+$?#3f"
        connection.close()
    for other in silent:
        assert is_dropped(other)
        other.close()


def test_a_first_packet_in_pieces(listener: Listener) -> None:
    """What comes behind it, too, is there for the session."""
    with peer(listener, b"+") as slow:
        threading.Thread(target=_slowly, args=(slow, b"$qC#b4$?#3f")).start()
        connection = listener.accept()
        got = b""
        while not got.endswith(b"$?#3f"):
            got += connection.receive()
        assert got == b"+$qC#b4$?#3f"
        connection.close()


def _slowly(connected: socket.socket, text: bytes) -> None:
    for at in range(len(text)):
        connected.sendall(text[at : at + 1])
