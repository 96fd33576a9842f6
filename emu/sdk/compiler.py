"""Compiling and linking with the SDK: what ``emu cc`` and ``emu c++`` run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from emu.sdk.library import CPU, HARD, PREFIX, Sdk

_DRIVERS: Final = {"cc": "gcc", "c++": "g++"}

CPP: Final = (".cc", ".cp", ".cpp", ".cxx", ".CPP", ".c++", ".C", ".ii")
"""The endings of C++ sources, as the compiler has them."""

_WITH_VALUE: Final = frozenset({
    "-o", "-I", "-L", "-T", "-D", "-U", "-l", "-u", "-z", "-e", "-G", "-include", "-imacros",
    "-idirafter", "-iprefix", "-iquote", "-isysroot", "-isystem", "-iwithprefix", "-MF", "-MQ",
    "-MT", "-Xassembler", "-Xlinker", "-Xpreprocessor", "-aux-info", "-dumpbase", "--param",
})  # fmt: skip
"""Options whose value is the next argument."""


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
    if _wants_execstack(own) and not _says(own, "-T"):
        own = ["-T", str(sdk.execstack), *own]
    if not any(word.startswith("-x") for word in own):
        if any(name.endswith(CPP) for name in _files(own)):
            language = "c++"
        own = _by_suffix(own)
    return [f"{PREFIX}{_DRIVERS[language]}", *flags, *sdk.libs(bare), *own]


def _wants_execstack(arguments: Sequence[str]) -> bool:
    """Whether the linker is asked for an executable stack: a script with PHDRS decides itself."""
    words = [part for word in arguments for part in word.removeprefix("-Wl,").split(",")]
    asked = [value for option, value in pairwise(words) if option == "-z"]
    asked += [word.removeprefix("-z") for word in words if word.startswith("-z") and word != "-z"]
    stacks = [value for value in asked if value in ("execstack", "noexecstack")]
    return stacks[-1:] == ["execstack"]


def _files(arguments: Sequence[str]) -> list[str]:
    """The arguments that name files to compile or link."""
    before = ["", *arguments]
    return [
        word
        for option, word in zip(before, arguments, strict=False)
        if not word.startswith("-") and option not in _WITH_VALUE
    ]


def _by_suffix(arguments: Sequence[str]) -> list[str]:
    """The arguments, with C said to be C: g++ takes it for C++."""
    files = set(_files(arguments))
    return [
        part
        for word in arguments
        for part in (
            ("-x", "c", word, "-x", "none") if word in files and word.endswith(".c") else (word,)
        )
    ]


def _says(arguments: Sequence[str], *options: str) -> bool:
    return any(word.startswith(options) for word in arguments)
