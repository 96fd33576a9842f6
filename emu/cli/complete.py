"""Completion of arguments: kinds of traces, moments, functions of the program."""

from __future__ import annotations

import click

MOMENTS = ("fault", "exit", "call:", "insn:")


def kinds(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Completions of the last word of a list like ``syscall,%fr``."""
    from emu.conventions import DEFAULT
    from emu.trace.selection import KINDS, call_classes

    before, comma, last = incomplete.rpartition(",")
    mark = "!" if last.startswith("!") else ""
    classes = [f"%{name}" for name in call_classes(DEFAULT.calls)]
    words = [*KINDS, "all", *classes, *(call.name for call in DEFAULT.calls)]
    start = f"{before}{comma}{mark}"
    return [f"{start}{word}" for word in words if word.startswith(last.removeprefix("!"))]


def moments(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Completions of a moment at which to look."""
    return [word for word in MOMENTS if word.startswith(incomplete)]


def functions(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Functions of the program that the command line names."""
    from emu.cli.errors import UserError
    from emu.cli.inputs import STDIN
    from emu.cli.launch import load

    # click leaves the arguments unparsed while an option has no value yet.
    given = [ctx.params.get("program"), *ctx.args]
    program = next((one for one in given if isinstance(one, str) and one != STDIN), None)
    try:
        load(program or "")
    except UserError:
        return []
    assert program is not None
    from emu.debuginfo import open_files

    symbols = open_files(program).program.symbols.all
    names = {one.name for one in symbols if one.is_function and one.name.startswith(incomplete)}
    return sorted(names)
