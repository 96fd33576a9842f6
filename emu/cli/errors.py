"""Mistakes of the user's: one line, exit status 2."""

from __future__ import annotations

import click

from emu import status


class UserError(click.ClickException):
    """What was asked for cannot be done; the text says why and what to do."""

    exit_code = status.USAGE
