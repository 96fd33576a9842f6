"""A starter project: a program, its build by make and by CMake, and its test."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from emu.sdk.sources import PROJECT, SdkError

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_FILES: Final = {
    "Makefile": "Makefile",
    "CMakeLists.txt": "CMakeLists.txt",
    "toolchain.cmake": "toolchain.cmake",
    "main.c": "main.c",
    "test_main.py": "test_main.py.txt",
    "README.md": "README.md",
    ".gitignore": "gitignore",
}
"""The files that are written, and their templates."""


def write_project(directory: Path) -> list[str]:
    """Write the files of a project named like the directory, which is new or empty; their names.

    Errors: SdkError, OSError.
    """
    name = directory.resolve().name
    if not _NAME.fullmatch(name):
        raise SdkError(f"{name!r} is no name for a program: letters, digits, - and _")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise SdkError(f"{directory} is there already, and not empty")
    directory.mkdir(parents=True, exist_ok=True)
    for target, template in _FILES.items():
        text = (PROJECT / template).read_text(encoding="utf-8")
        (directory / target).write_text(text.replace("@NAME@", name), encoding="utf-8")
    return list(_FILES)
