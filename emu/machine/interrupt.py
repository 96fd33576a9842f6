"""Ctrl-C and ``--timeout``, heard while Unicorn runs without asking it to look.

Unicorn does not return to Python by itself, so a thread waits for the signal's byte
on a pipe, or for the time, and stops the run from outside.  Nothing is paid for it while running.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable
from enum import Enum, auto
from types import FrameType, TracebackType

_AGAIN = 0.01
"""Seconds until the run is told once more, should it not have heard."""


class Cause(Enum):
    """Why the run was stopped from outside."""

    CTRL_C = auto()
    TIMEOUT = auto()


class Interrupted(Exception):  # noqa: N818 - it reports, it is no error
    """Raised in the main thread to end a wait for input."""


class Watch:
    """While entered, Ctrl-C and the timeout call ``stop`` until the run is left.

    timeout: seconds of the host's time, or None.  is_waiting: whether the main thread
    waits for input just now, where ``stop`` would not be noticed.
    """

    def __init__(
        self, stop: Callable[[], None], is_waiting: Callable[[], bool], timeout: float | None
    ) -> None:
        self.cause: Cause | None = None
        self._stop, self._is_waiting, self._timeout = stop, is_waiting, timeout
        self._left = threading.Event()

    def __enter__(self) -> Watch:
        self._in_main = threading.current_thread() is threading.main_thread()
        self._reader, self._writer = os.pipe()
        if self._in_main:
            os.set_blocking(self._writer, False)
            self._old_handler = signal.signal(signal.SIGINT, self._signalled)
            self._old_fd = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._wait, name="watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._left.set()
        if self._in_main:
            signal.set_wakeup_fd(self._old_fd)
            signal.signal(signal.SIGINT, self._old_handler)
        os.write(self._writer, b"\0")
        self._thread.join()
        os.close(self._reader)
        os.close(self._writer)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_waiting():
            raise Interrupted

    def _wait(self) -> None:
        heard, _, _ = select.select([self._reader], [], [], self._timeout)
        if self._left.is_set():
            return
        self.cause = Cause.CTRL_C if heard else Cause.TIMEOUT
        while not self._left.is_set():
            if self._in_main and self._is_waiting():
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            self._stop()
            self._left.wait(_AGAIN)
