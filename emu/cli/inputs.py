"""``-`` for a program: standard input, kept in a file while the command runs."""

from __future__ import annotations

import atexit
import os
import sys
from functools import cache

STDIN = "-"


def path_of(name: str) -> str:
    """The path of the file that holds the program given as ``name``."""
    return _from_standard_input() if name == STDIN else name


@cache
def _from_standard_input() -> str:
    import shutil
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile(prefix="emu-", suffix=".elf", delete=False) as file:
        atexit.register(os.unlink, file.name)
        shutil.copyfileobj(sys.stdin.buffer, file)
    return file.name
