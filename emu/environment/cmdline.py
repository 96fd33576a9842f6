"""Arguments as one line, from which newlib's start code makes ``argv`` again."""

from __future__ import annotations

import os
from collections.abc import Sequence

LONGEST = 254
"""The most bytes of a command line that newlib's start code has room for."""

_QUOTES = ('"', "'")


def with_program(path: str, arguments: Sequence[str]) -> tuple[str, ...]:
    """The argv for the program in the file ``path``.

    Its first word is the path as given, or the file's name alone where only that makes the line
    short enough.
    """
    given, short = (path, *arguments), (os.path.basename(path), *arguments)
    return short if len(command_line(short)) <= LONGEST < len(command_line(given)) else given


def command_line(arguments: Sequence[str]) -> bytes:
    """The arguments joined by spaces, in quotes where they need it.

    newlib's crt0 ends a word at the next space, or, if the word begins with ' or ", at
    the next such quote; it knows no other quoting and no escape.  Errors: ValueError, which
    names an argument that cannot be written so.
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
