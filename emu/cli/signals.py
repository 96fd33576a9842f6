"""Ctrl-C, SIGTERM and a terminal that hangs up: they end the command with one line.

They do so wherever it is, without a traceback.  While a guest runs, the machine handles them, so
that the run can be reported.
"""

from __future__ import annotations

import os
import select
import signal
from types import FrameType
from typing import Final, NoReturn

HEARD: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WORDS: Final = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_STDERR: Final = 2


class Stopped(BaseException):
    """A signal asks the command to end.  status: as shells have it."""

    def __init__(self, number: int) -> None:
        super().__init__(_WORDS[signal.Signals(number)])
        self.status = 128 + number


def hear() -> None:
    """From now on these signals raise ``Stopped``, except ignored ones."""
    for number in HEARD:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def hear_no_more() -> None:
    """The command is over: ignore these signals."""
    for number in HEARD:
        signal.signal(number, signal.SIG_IGN)


def tell(stopped: Stopped) -> None:
    """Report the signal, unless that would have to wait for a reader."""
    if select.select([], [_STDERR], [], 0)[1]:
        os.write(_STDERR, f"emu: {stopped}\n".encode())


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped(signal.SIGTERM if number == signal.SIGHUP else number)
