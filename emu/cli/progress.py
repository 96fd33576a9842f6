"""Progress lines on a terminal during a long recorded run."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

FIRST = 5.0
"""Seconds until the first line; the time doubles for each that follows."""


@contextmanager
def progress(calls: Callable[[], int], tell: Callable[[str], None]) -> Iterator[None]:
    """While entered, report the time elapsed.  calls: the number of calls made so far."""
    if not sys.stderr.isatty():
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_tell, args=(ended, calls, tell), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _tell(ended: threading.Event, calls: Callable[[], int], tell: Callable[[str], None]) -> None:
    began, wait = time.monotonic(), FIRST
    while not ended.wait(wait):
        tell(f"running for {time.monotonic() - began:.0f} s, {calls():,} calls so far")
        wait *= 2
