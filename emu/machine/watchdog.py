"""The watchdog: signals, ``--timeout`` and ``Machine.interrupt`` while Unicorn runs.

Unicorn does not return to Python by itself, so a thread waits for a byte on a pipe, or for the
time, and ends the run from outside.  It costs nothing while the run goes on.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any

from emu.cpu.run_control import RunControl
from emu.environment.requests import Cause
from emu.environment.world import World

_AGAIN = 0.01
"""Seconds until the run is stopped again, in case that came too early."""

_CAUSES = {
    signal.SIGINT: Cause.CTRL_C, signal.SIGTERM: Cause.TERMINATED, signal.SIGHUP: Cause.TERMINATED,
}  # fmt: skip


class Watchdog:
    """While entered, it ends the run, and the wait for the outside that the run is in.

    It does so at a signal, when the time is over, or when ``interrupt`` is called.  Signals are
    taken where Python handles them, in the main thread, and only those with a handler in Python:
    a signal that is ignored, or that ends the process at once, still does.
    cause: why the run is to end, which the world is told too.
    """

    def __init__(self, control: RunControl, world: World, timeout: float | None) -> None:
        """timeout: seconds of the host's time, or None."""
        self.cause: Cause | None = None
        self._control, self._world, self._timeout = control, world, timeout
        self._left = threading.Event()
        self._is_interrupted = False
        self._lock = threading.RLock()
        self._signals = _Signals(world)

    def __enter__(self) -> Watchdog:
        """Errors: MemoryError, where the host has no room for a thread."""
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._signals.take(self._writer)
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self._give_back()
            raise MemoryError(str(error)) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        with self._lock:
            self._left.set()
            self._wake()
        self._thread.join()
        self._world.resume()
        self._give_back()

    def _give_back(self) -> None:
        self._signals.give_back()
        os.close(self._reader)
        os.close(self._writer)

    def interrupt(self) -> None:
        """End the run, if it is under way.  From any thread, or a signal's handler."""
        with self._lock:
            if not self._left.is_set():
                self._is_interrupted = True
                self._wake()

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # the pipe is full, so the thread is awake
            os.write(self._writer, b"\0")

    def _watch(self) -> None:
        cause = self._next_cause()
        if cause is None:
            return
        self._world.interrupt(cause)
        self.cause = cause
        self._control.request()
        while not self._left.wait(_AGAIN):
            self._control.request()

    def _next_cause(self) -> Cause | None:
        """Wait for a reason to end the run; None when the run is over."""
        end = None if self._timeout is None else time.monotonic() + self._timeout
        while True:
            left = None if end is None else max(end - time.monotonic(), 0)
            heard, _, _ = select.select([self._reader], [], [], left)
            if self._left.is_set():
                return None
            if not heard:
                return Cause.TIMEOUT
            number = os.read(self._reader, 1)[0]  # of a signal, or 0
            if number in self._signals.handlers:
                return _CAUSES[signal.Signals(number)]
            if self._is_interrupted:
                return Cause.INTERRUPTED


class _Signals:
    """Signals as bytes on a pipe, in the main thread, where Python handles signals.

    handlers: the handlers that had been set, by signal.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.handlers: dict[signal.Signals, Callable[[int, FrameType | None], Any]] = {}
        self._old_fd: int | None = None

    def take(self, writer: int) -> None:
        """Have each signal with a handler in Python write a byte from now on: its number."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._old_fd = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in _CAUSES:
            handler = signal.getsignal(number)
            if callable(handler):
                self.handlers[number] = handler
                signal.signal(number, self._end_waits)

    def give_back(self) -> None:
        """Restore the handlers and the wakeup descriptor."""
        if self._old_fd is not None:
            for number, handler in self.handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(self._old_fd)

    def _end_waits(self, number: int, _frame: FrameType | None) -> None:
        """End the wait in which the signal came, before anything else runs; the thread does the
        rest."""
        self._world.interrupt(_CAUSES[signal.Signals(number)])
