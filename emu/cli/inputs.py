"""Programs that are no files of the user's: ``-``, standard input, and those in recordings.

They are kept in memory while the command runs, or else in files.
"""

from __future__ import annotations

import atexit
import os
import sys
from functools import cache
from typing import BinaryIO, Final

STDIN = "-"
_stand_ins: Final[dict[str, str]] = {}


def path_of(name: str) -> str:
    """The path of the file that holds the program given as ``name``."""
    if name in _stand_ins:
        return _stand_ins[name]
    return _from_standard_input() if name == STDIN else name


def stand_in(name: str, data: bytes) -> None:
    """From now on the program of this name is the one with these bytes, whatever file there is."""
    from io import BytesIO

    _stand_ins[name] = _kept(BytesIO(data))


@cache
def _from_standard_input() -> str:
    return _kept(sys.stdin.buffer)


def _kept(stream: BinaryIO) -> str:
    """The path of a file with these contents, which other processes can open as long as we live."""
    import shutil

    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("program")
        with open(fd, "wb", closefd=False) as memory:
            shutil.copyfileobj(stream, memory)
        return f"/proc/{os.getpid()}/fd/{fd}"
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile(prefix="emu-", suffix=".elf", delete=False) as file:
        atexit.register(os.unlink, file.name)
        shutil.copyfileobj(stream, file)
    return file.name
