"""Signs of life that tests wait for, where the time that something takes would tell nothing."""

from __future__ import annotations

import array
import fcntl
import os
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

A_WHILE: Final = 60
"""Seconds after which a sign that has not come is a failure."""


def until(sign: Callable[[], object], what: str) -> None:
    """Look again and again until there is a sign.  Errors: AssertionError, after a minute."""
    end = time.monotonic() + A_WHILE
    while not sign():
        assert time.monotonic() < end, f"{what}: not within {A_WHILE} seconds"
        time.sleep(0.005)


def until_asleep(run: subprocess.Popen[Any]) -> None:
    """Until a process waits for the outside: its state is S each of three times.

    Source: proc(5), /proc/PID/stat.  Where there is no such file, it is taken to wait.
    """
    status = Path(f"/proc/{run.pid}/stat")
    times = 0

    def sign() -> bool:
        nonlocal times
        state = status.read_text().rpartition(")")[2].split()[0] if status.exists() else "S"
        times = times + 1 if state == "S" else 0
        return times == 3

    until(sign, "it sleeps")


def until_full(pipe: IO[Any]) -> None:
    """Until a pipe, of which this is the end for reading, is about full.

    It keeps what is written in pages, of which not each need be filled.
    """
    size = fcntl.fcntl(pipe.fileno(), fcntl.F_GETPIPE_SZ)

    def sign() -> bool:
        held = array.array("i", [0])
        fcntl.ioctl(pipe.fileno(), termios.FIONREAD, held)
        return held[0] > size * 3 // 4

    until(sign, "the pipe is full")


def read_until(descriptor: int, wanted: bytes) -> bytes:
    """What comes from a pipe or a terminal, up to and with ``wanted``.  Errors: AssertionError."""
    got = b""
    while wanted not in got:
        piece = os.read(descriptor, 4096)
        assert piece, got
        got += piece
    return got
