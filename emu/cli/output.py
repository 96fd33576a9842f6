"""Our own output to standard output: its loss ends a command in one line."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

from emu import status
from emu.cli.launch import note


@contextmanager
def standard_output() -> Iterator[TextIO]:
    """Standard output to write to; whoever has gone or has no room ends the command."""
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        # What is still buffered must not fail once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.EPIPE:
            raise click.exceptions.Exit(status.PIPE) from error
        note(f"standard output: {error.strerror}")
        raise click.exceptions.Exit(status.OUTPUT_LOST) from error
