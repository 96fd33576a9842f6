"""The user's mistakes: one line, exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from emu import status


class UserError(click.ClickException):
    """A request that cannot be met; the text says why and what to do."""

    exit_code = status.USAGE


@contextmanager
def user_errors(path: str | None, *kinds: type[Exception]) -> Iterator[None]:
    """Turn errors within into a UserError: the host's about ``path``, and those of ``kinds``.

    kinds: errors whose text is for the user.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except kinds as error:
        raise UserError(str(error)) from error
