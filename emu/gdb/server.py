"""Serves debuggers: one at a time, until the machine has ended or runs on without any."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from emu.gdb.packets import INTERRUPT, Packets, packet
from emu.gdb.session import Answer, Session
from emu.gdb.target import Stopped, Target
from emu.gdb.transport import Connection, Listener


class Over(NamedTuple):
    """How serving ended.  runs_on: the debugger has gone, and the machine goes on."""

    runs_on: bool


def serve(
    target: Target, listener: Listener, stopped: Stopped, tell: Callable[[str], None]
) -> Over:
    """Wait for a debugger and obey it.  One that disappears is waited for again."""
    while True:
        connection = listener.accept()
        session = Session(target, stopped)
        try:
            over = _serve(session, connection)
        finally:
            connection.close()
        if over is not None:
            target.breakpoints.clear()
            return over
        tell(f"the debugger has gone; waiting for another at {listener.name}")
        target.breakpoints.clear()
        target.attached = set(target.machine.kernel.processes)
        stopped = Stopped(target.current)


def _serve(session: Session, connection: Connection) -> Over | None:
    """One connection; None if it ended while the machine stands."""
    packets = Packets()
    while data := connection.receive():
        for body in packets.feed(data):
            if body == INTERRUPT:
                continue  # the machine stands already
            if body is None:
                connection.send(b"-")
                continue
            if not session.is_quiet:
                connection.send(b"+")
            answer = session.handle(body)
            if answer.go is not None:
                answer = _run(session, connection, answer.go)
            connection.send(packet(answer.data))
            if answer.is_over:
                return Over(answer.detached)
    return Over(False) if session.target.is_over else None


def _run(session: Session, connection: Connection, go: Callable[[], Stopped]) -> Answer:
    """Run the machine while the debugger may interrupt it, and tell how it stopped."""
    if not session.target.is_over:
        with _interruptible(connection):
            session.stopped = go()
    return Answer(session.stop_reply())


@contextmanager
def _interruptible(connection: Connection) -> Iterator[None]:
    """While entered, what comes from the debugger is its Ctrl-C, and stops the run as ours does.

    The handler that stands outside of runs hears those that come too late, and does nothing.
    """
    reader, writer = os.pipe()
    before = signal.signal(signal.SIGINT, lambda *_: None)

    def listen() -> None:
        while connection.wait(reader):
            data = connection.receive()
            os.kill(os.getpid(), signal.SIGINT)
            if not data:
                return

    thread = threading.Thread(target=listen, name="gdb", daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.write(writer, b"\0")
        thread.join()
        signal.signal(signal.SIGINT, before)
        os.close(reader)
        os.close(writer)
