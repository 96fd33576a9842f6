"""Whole outputs kept in files.  ``EMU_GOLDEN=write`` writes them again, to be read before a commit.

They show code as one compiler made it.  Another compiler's is compared in all that is not up to
the compiler: ``tests.debug.shape`` says what that is.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from pathlib import Path

from tests.debug.shape import shape
from tests.guests import COMPILER, ROOT

GOLDEN = Path(__file__).parent / "golden"
COMPILED_BY = GOLDEN / "compiler.txt"
DOCS = ROOT / "docs" / "debugging.md"


def is_writing() -> bool:
    return os.environ.get("EMU_GOLDEN") == "write"


@functools.cache
def compiler() -> str:
    """The compiler by name, package and version."""
    ask = [COMPILER, "--version"]
    answer = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    return answer.splitlines()[0]


def check_golden(name: str, text: str) -> None:
    """That a text is what the file of this name holds, or of its shape where compilers differ."""
    path = GOLDEN / name
    if is_writing():
        path.write_text(text, encoding="utf-8")
        COMPILED_BY.write_text(f"{compiler()}\n", encoding="utf-8")
        return
    expected = path.read_text(encoding="utf-8")
    if compiler() != COMPILED_BY.read_text(encoding="utf-8").strip():
        text, expected = shape(text), shape(expected)
    assert text == expected, "if the change is wanted, make golden and read what it changes"


def block_pattern(name: str) -> re.Pattern[str]:
    """The block of the documentation that shows this file."""
    return re.compile(rf"(<!-- {re.escape(name)} -->\n```text\n)(.*?)(```\n)", re.DOTALL)


def check_documented(name: str) -> None:
    """That the documentation shows what the file of this name holds."""
    docs = DOCS.read_text(encoding="utf-8")
    expected = (GOLDEN / name).read_text(encoding="utf-8")
    block = block_pattern(name).search(docs)
    assert block is not None, f"{DOCS.name} does not show {name}"
    if is_writing():
        DOCS.write_text(docs.replace(block[0], f"{block[1]}{expected}{block[3]}"), encoding="utf-8")
        return
    assert block[2] == expected
