"""Serves debuggers, one at a time, until the machine has ended or runs on without one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from emu.gdb.packets import INTERRUPT, Packets, packet
from emu.gdb.running import Runner
from emu.gdb.session import Answer, Session
from emu.gdb.stops import Stopped
from emu.gdb.transport import Connection, Doorbell, Listener

_AGAIN: Final = 0.01
"""Seconds until the run is interrupted again, because it may not have begun before."""


class Over(NamedTuple):
    """How serving ended.  runs_on: the debugger has gone, and the machine goes on."""

    runs_on: bool


def serve(runner: Runner, listener: Listener, tell: Callable[[str], None]) -> Over:
    """Wait for a debugger and serve it; if it disappears, wait for the next."""
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
    """Serve one connection; None if it ended while the machine stands."""
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
                answer = _run(session, connection, answer.go, answer.is_back)
            connection.send(packet(answer.data))
            if answer.is_over:
                return Over(answer.detached)
    return Over(False) if session.target.is_over or session.target.is_killed else None


def _run(
    session: Session, connection: Connection, go: Callable[[], Stopped], is_back: bool
) -> Answer:
    """Run the machine while the debugger may interrupt it, and tell how it stopped.

    is_back: ``go`` goes back, also from the end.
    """
    if is_back or not session.target.is_over:
        with _interruptible(connection, session.runner):
            session.stopped = go()
        for line in session.console():
            connection.send(packet(b"O" + f"{line}\n".encode().hex().encode()))
    return Answer(session.stop_reply())


@contextmanager
def _interruptible(connection: Connection, runner: Runner) -> Iterator[None]:
    """While entered, any byte from the debugger stops the run: gdb sends one at Ctrl-C.

    SIGINT to this process stops the run too, even between two runs of the machine.
    """
    runner.is_interrupted = False
    with _sigint_calls(runner.interrupt), Doorbell() as doorbell:
        thread = threading.Thread(
            target=_listen, args=(connection, runner, doorbell), name="gdb", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            doorbell.ring()
            thread.join()


def _listen(connection: Connection, runner: Runner, doorbell: Doorbell) -> None:
    """Interrupt the run when something comes, repeatedly until the bell rings."""
    if connection.wait(doorbell):
        connection.receive()
        runner.interrupt()
        while not doorbell.wait(_AGAIN):
            runner.interrupt()


@contextmanager
def _sigint_calls(tell: Callable[[], None]) -> Iterator[None]:
    """While entered, SIGINT calls this, where signals are handled: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: tell())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
