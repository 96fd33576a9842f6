"""``emu man``: the manual page, made of the texts of ``--help``."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from emu import __version__
from emu.cli.command import Command, print_text


@click.command(cls=Command)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print the manual page, for man: emu man | man -l -."""
    print_text(manual(ctx.find_root()))


def manual(root: click.Context) -> str:
    """The whole page.  Source: man-pages(7), groff_man(7)."""
    group = root.command
    assert isinstance(group, click.Group)
    lines = [
        f'.TH EMU 1 "" "emu {__version__}" "User Commands"',
        ".SH NAME",
        f"emu \\- {_escape(group.get_short_help_str(200)).rstrip('.')}",
        ".SH SYNOPSIS",
        ".B emu",
        "COMMAND [OPTIONS] ...",
        ".SH DESCRIPTION",
        _escape(group.help or ""),
    ]
    for name in group.list_commands(root):
        one = group.get_command(root, name)
        assert one is not None
        with click.Context(one, info_name=name, parent=root) as ctx:
            lines += _command(ctx, one)
    lines += _epilog("EXAMPLES AND EXIT STATUS", group.epilog)
    return "\n".join(lines)


def _command(ctx: click.Context, one: click.Command) -> Iterator[str]:
    usage = " ".join(one.collect_usage_pieces(ctx))
    yield f".SH EMU {ctx.info_name.upper() if ctx.info_name else ''}"
    yield f".B emu {ctx.info_name}"
    yield _escape(usage)
    yield ".PP"
    yield from _paragraphs(one.help or "")
    for parameter in one.get_params(ctx):
        if not isinstance(parameter, click.Option):
            continue
        record = parameter.get_help_record(ctx)
        if record is not None:
            yield ".TP"
            yield f".B {_escape(record[0])}"
            yield _escape(record[1])
    yield from _epilog("", one.epilog)


def _epilog(title: str, text: str | None) -> Iterator[str]:
    if text:
        yield f".SH {title}" if title else ".PP"
        yield from _paragraphs(text)


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs, filled; a paragraph with click's mark keeps its lines."""
    for paragraph in re.split(r"\n\n", text.strip()):
        if paragraph.startswith("\b\n"):
            yield ".nf"
            yield from map(_escape, paragraph[2:].splitlines())
            yield ".fi"
        else:
            yield _escape(" ".join(paragraph.split()))
        yield ".PP"


def _escape(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
