"""Ctrl-C, SIGTERM and ``--timeout``, heard while Unicorn runs without asking it to look.

Unicorn does not return to Python by itself, so a thread waits for the signal's byte
on a pipe, or for the time, and stops the run from outside.  Nothing is paid for it while running.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from enum import Enum, auto
from types import FrameType, TracebackType

from emu.cpu.run_control import RunControl
from emu.environment.world import World

_AGAIN = 0.01
"""Seconds until the run is told once more, should it not have heard."""


class Cause(Enum):
    """Why the run was stopped from outside."""

    CTRL_C = auto()
    TERMINATED = auto()
    TIMEOUT = auto()


_CAUSES = {signal.SIGINT: Cause.CTRL_C, signal.SIGTERM: Cause.TERMINATED}


class Watch:
    """While entered, signals and the timeout request the ending of the run until it is left.

    And they end the world's waits, where that would not be noticed: only in the main thread,
    where signals are handled.  Heard are those that Python's code handles anyway: what is ignored,
    or ends the process at once, still does.  timeout: seconds of the host's time, or None.
    Errors: MemoryError, where the host has no room for a thread.
    """

    def __init__(self, ending: RunControl, world: World, timeout: float | None) -> None:
        self.cause: Cause | None = None
        self._ending, self._world, self._timeout = ending, world, timeout
        self._left = threading.Event()
        self._heard: list[signal.Signals] = []

    def __enter__(self) -> Watch:
        self._in_main = threading.current_thread() is threading.main_thread()
        self._reader, self._writer = os.pipe()
        if self._in_main:
            os.set_blocking(self._writer, False)
            self._old_fd = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
            self._take_signals()
        self._thread = threading.Thread(target=self._wait, name="watch", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self._give_back()
            raise MemoryError(str(error)) from error
        return self

    def _take_signals(self) -> None:
        """SIGINT in any case: it is also what ends waits when the time is over."""
        self._heard = [one for one in _CAUSES if callable(signal.getsignal(one))]
        self._old_handlers = {
            number: signal.signal(number, self._signalled)
            for number in {signal.SIGINT, *self._heard}
        }

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Nothing is signalled any more once the thread has ended: only then the handler goes."""
        self._left.set()
        os.write(self._writer, b"\0")
        self._thread.join()
        self._give_back()

    def _give_back(self) -> None:
        if self._in_main:
            for number, handler in self._old_handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(self._old_fd)
        os.close(self._reader)
        os.close(self._writer)

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        """The run is stopped before a wait is left, so that the program does not get on."""
        if number in self._heard:
            self.cause = self.cause or _CAUSES[signal.Signals(number)]
        if self.cause is None:
            return
        self._ending.request()
        self._ending.leave()
        self._world.interrupt()

    def _wait(self) -> None:
        cause = self._next_cause()
        if cause is None:
            return
        self.cause = self.cause or cause
        self._ending.request()
        while not self._left.wait(_AGAIN):
            if self._in_main and self._world.waiting:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            self._ending.request()

    def _next_cause(self) -> Cause | None:
        """Wait for a reason to stop; None when the run has been left."""
        end = None if self._timeout is None else time.monotonic() + self._timeout
        while True:
            left = None if end is None else max(end - time.monotonic(), 0)
            heard, _, _ = select.select([self._reader], [], [], left)
            if self._left.is_set():
                return None
            if not heard:
                return Cause.TIMEOUT
            number = os.read(self._reader, 1)[0]  # of a signal
            if number in self._heard:
                return _CAUSES[signal.Signals(number)]
