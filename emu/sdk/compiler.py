"""Compiling and linking with the SDK: what ``emu cc`` and ``emu c++`` run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from emu.sdk.library import CPU, HARD, PREFIX, Sdk

_DRIVERS: Final = {"cc": "gcc", "c++": "g++"}


def command(sdk: Sdk, language: str, arguments: Sequence[str], bare: bool = False) -> list[str]:
    """What to run.  language: ``cc`` or ``c++``; arguments: the compiler's own.

    Options for the processor stay as they are given.  Without them the code is for the machine's:
    Thumb code for a Cortex-A15 with NEON.
    """
    flags = [] if _says(arguments, "-mcpu=", "-march=") else [*CPU]
    if not _says(arguments, "-mfloat-abi=", "-mfpu="):
        flags += HARD
    if not _says(arguments, "-marm", "-mthumb"):
        flags.append("-mthumb")
    own = [word for word in arguments if word.lstrip("-") != "specs=emu.specs"]  # among the libs
    return [f"{PREFIX}{_DRIVERS[language]}", *flags, *sdk.libs(bare), *own]


def _says(arguments: Sequence[str], *options: str) -> bool:
    return any(word.startswith(options) for word in arguments)
