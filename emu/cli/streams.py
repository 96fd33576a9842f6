"""The command's own standard streams: what we write there, and what happens without them."""

from __future__ import annotations

import errno
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import click

from emu import status
from emu.environment.waits import Interrupted, Waits, Writer

WAITS = Waits()
"""Those of what is said, and of the world of the guest that runs: whatever ends one ends both."""
_STDERR = 2


def note(text: str) -> None:
    """A line of ours among what the guest prints."""
    say(f"emu: {text}")


def say(text: str) -> None:
    """Print to standard error, now.  It is lost without a reader, or if the wait is interrupted."""
    sys.stderr.flush()
    rest, stderr = f"{text}\n".encode(errors="backslashreplace"), Writer(_STDERR, WAITS)
    with suppress(Interrupted, OSError):
        while rest and _is_read():
            rest = rest[stderr.write(rest) :]


def _is_read() -> bool:
    """Whether to write to standard error: not where a wait was ended, and would begin again."""
    return _STDERR not in WAITS.left or bool(select.select([], [_STDERR], [], 0)[1])


@contextmanager
def standard_output() -> Iterator[TextIO]:
    """Standard output to write to; its loss ends the command."""
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        # What is still buffered must not fail once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise exit_for_loss(error.errno, f"standard output: {error.strerror}") from error


def exit_for_loss(number: int | None, text: str) -> click.exceptions.Exit:
    """How a command ends that has lost a standard stream: without a word if its reader has gone.

    number: the errno.  text: what is said of any other loss, in one line.
    """
    if number == errno.EPIPE:
        return click.exceptions.Exit(status.PIPE)
    note(text)
    return click.exceptions.Exit(status.OUTPUT_LOST)


def write_json(data: dict[str, Any], stream: TextIO) -> None:
    """Write plain data as JSON; numbers, addresses too, are decimal."""
    import json

    json.dump(data, stream, indent=2)
    stream.write("\n")


def occupy_closed_streams() -> None:
    """Take the places of standard streams that we were started without, as by ``<&-`` in a shell.

    So the next file or pipe that is opened does not get a number from 0 to 2.  What stands there
    is open the wrong way round, so that using it still fails as it would on a closed stream.
    Python has no ``sys.stderr`` then, and would print to standard output.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number else os.O_WRONLY)  # the lowest free number
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for the process's life
