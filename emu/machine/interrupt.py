"""Ctrl-C and ``--timeout``, heard while Unicorn runs without asking it to look.

Unicorn does not return to Python by itself, so a thread waits for the signal's byte
on a pipe, or for the time, and stops the run from outside.  Nothing is paid for it while running.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from enum import Enum, auto
from types import FrameType, TracebackType

from emu.cpu.stop import Ending
from emu.environment.world import World

_AGAIN = 0.01
"""Seconds until the run is told once more, should it not have heard."""


class Cause(Enum):
    """Why the run was stopped from outside."""

    CTRL_C = auto()
    TIMEOUT = auto()


class Watch:
    """While entered, Ctrl-C and the timeout request the ending of the run until it is left.

    And they end the world's waits, where that would not be noticed: only in the main thread,
    where signals are handled.  timeout: seconds of the host's time, or None.
    """

    def __init__(self, ending: Ending, world: World, timeout: float | None) -> None:
        self.cause: Cause | None = None
        self._ending, self._world, self._timeout = ending, world, timeout
        self._left = threading.Event()

    def __enter__(self) -> Watch:
        self._in_main = threading.current_thread() is threading.main_thread()
        self._reader, self._writer = os.pipe()
        if self._in_main:
            os.set_blocking(self._writer, False)
            self._old_fd = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
            self._old_handler = signal.signal(signal.SIGINT, self._signalled)
        self._thread = threading.Thread(target=self._wait, name="watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Nothing is signalled any more once the thread has ended: only then the handler goes."""
        self._left.set()
        os.write(self._writer, b"\0")
        self._thread.join()
        if self._in_main:
            signal.signal(signal.SIGINT, self._old_handler)
            signal.set_wakeup_fd(self._old_fd)
        os.close(self._reader)
        os.close(self._writer)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        """The run is stopped before a wait is left, so that the program does not get on."""
        self.cause = self.cause or Cause.CTRL_C
        self._ending.request()
        self._ending.leave()
        self._world.interrupt()

    def _wait(self) -> None:
        heard, _, _ = select.select([self._reader], [], [], self._timeout)
        if self._left.is_set():
            return
        self.cause = self.cause or (Cause.CTRL_C if heard else Cause.TIMEOUT)
        self._ending.request()
        while not self._left.wait(_AGAIN):
            if self._in_main and self._world.waiting:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            self._ending.request()
