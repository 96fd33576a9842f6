"""Mistakes of the user's: one line, exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from emu import status


class UserError(click.ClickException):
    """What was asked for cannot be done; the text says why and what to do."""

    exit_code = status.USAGE


@contextmanager
def user_errors(path: str | None, *kinds: type[Exception]) -> Iterator[None]:
    """Turn what fails within into a UserError: what the host says of ``path``, and ``kinds``.

    kinds: errors whose text is for the user as it is.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except kinds as error:
        raise UserError(str(error)) from error
