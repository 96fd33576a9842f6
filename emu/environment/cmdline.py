"""Arguments as one line, from which newlib's start code makes ``argv`` again."""

from __future__ import annotations

import os
from collections.abc import Sequence

LONGEST = 254
"""Bytes of a command line for which newlib's start code has room."""

_QUOTES = ('"', "'")


def with_program(path: str, arguments: Sequence[str]) -> tuple[str, ...]:
    """All of argv for the program in the file ``path``.

    Its first is the path as it was given, or the file's name alone where that makes the line
    short enough and the path does not: a program can lie anywhere.
    """
    given, short = (path, *arguments), (os.path.basename(path), *arguments)
    return short if len(command_line(short)) <= LONGEST < len(command_line(given)) else given


def command_line(arguments: Sequence[str]) -> bytes:
    """The arguments joined by spaces, in quotes where they need it.

    newlib's crt0 ends a word at the next space, or, if the word begins with ' or ", at
    the next such quote; it knows no other quoting and no escape.  ValueError names an
    argument that cannot be written so.
    """
    return os.fsencode(" ".join(_quoted(argument) for argument in arguments))


def _quoted(argument: str) -> str:
    if argument and " " not in argument and not argument.startswith(_QUOTES):
        return argument
    for quote in _QUOTES:
        if quote not in argument:
            return f"{quote}{argument}{quote}"
    raise ValueError(
        f"argument {argument!r}: newlib can take no argument that needs quotes and has both kinds"
    )
