"""Serves debuggers: one at a time, until the machine has ended or runs on without any."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from emu.gdb.packets import INTERRUPT, Packets, packet
from emu.gdb.running import Runner
from emu.gdb.session import Answer, Session
from emu.gdb.stops import Stopped
from emu.gdb.transport import Connection, Listener


class Over(NamedTuple):
    """How serving ended.  runs_on: the debugger has gone, and the machine goes on."""

    runs_on: bool


def serve(runner: Runner, listener: Listener, tell: Callable[[str], None]) -> Over:
    """Wait for a debugger and obey it.  One that disappears is waited for again."""
    while True:
        connection = listener.accept()
        session = Session(runner, runner.where())
        try:
            over = _serve(session, connection)
        finally:
            session.close()
            connection.close()
        if over is not None:
            return over
        tell(f"the debugger has gone; waiting for another at {listener.name}")
        runner.target.attach_all()


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
    return Over(False) if session.target.is_over or session.target.is_killed else None


def _run(session: Session, connection: Connection, go: Callable[[], Stopped]) -> Answer:
    """Run the machine while the debugger may interrupt it, and tell how it stopped."""
    if not session.target.is_over:
        with _interruptible(connection, session.runner):
            session.stopped = go()
        for line in session.console():
            connection.send(packet(b"O" + f"{line}\n".encode().hex().encode()))
    return Answer(session.stop_reply())


@contextmanager
def _interruptible(connection: Connection, runner: Runner) -> Iterator[None]:
    """While entered, what comes from the debugger is its Ctrl-C, and stops the run as ours does.

    Outside of the machine's runs the runner hears it.
    """
    reader, writer = os.pipe()
    runner.is_interrupted = False
    before = signal.signal(signal.SIGINT, lambda *_: runner.interrupt())

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
