"""Building a guest from Python, as ``emu cc`` does."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

from emu.sdk.compiler import command
from emu.sdk.library import sdk
from emu.sdk.sources import SdkError


def build(
    *sources: str | PathLike[str],
    output: str | PathLike[str],
    flags: Sequence[str] = ("-O1", "-g"),
    bare: bool = False,
) -> Path:
    """Compile and link C, C++ and assembly, each by its suffix, for the kernel; returns ``output``.

    flags: for the compiler.  bare: without newlib, with the SDK's small C library.
    Errors: SdkError, with the compiler's output.
    """
    names = [fspath(source) for source in sources]
    words = command(sdk(), "cc", [*flags, *names, "-o", fspath(output)], bare)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SdkError(done.stderr.strip() or f"{words[0]} failed")
    return Path(output)
