"""Commands and groups of commands: help that survives a full disk, and ``-h``."""

from __future__ import annotations

from typing import Any

import click

from emu.cli.streams import standard_output


class Command(click.Command):
    """A command whose help is written like its output."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _through_our_door(super().get_help_option(ctx))


class Group(click.Group):
    """A group of commands, which also takes common substitutes for their names."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _through_our_door(super().get_help_option(ctx))


def _through_our_door(option: click.Option | None) -> click.Option | None:
    if option is not None:
        option.callback = _show_help
    return option


def _show_help(ctx: click.Context, _param: click.Parameter, asked: Any) -> None:
    if asked and not ctx.resilient_parsing:
        print_text(ctx.get_help())
        ctx.exit()


def print_text(text: str) -> None:
    """Text and a newline on standard output; its loss ends the command."""
    with standard_output() as stream:
        stream.write(f"{text}\n")
