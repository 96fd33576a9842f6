"""Whole outputs kept in files.  ``EMU_GOLDEN=write`` writes them again, to be read before a commit.

They show code as a compiler made it, so that another version of the compiler, which does it in
another way, makes their tests be skipped instead of fail.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.guests import COMPILER, ROOT

GOLDEN = Path(__file__).parent / "golden"
COMPILED_BY = GOLDEN / "compiler.txt"
DOCS = ROOT / "docs" / "debugging.md"


def is_writing() -> bool:
    return os.environ.get("EMU_GOLDEN") == "write"


@functools.cache
def compiler() -> str:
    ask = [COMPILER, "-dumpfullversion"]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()


def check_golden(name: str, text: str) -> None:
    """That a text is what the file of this name holds."""
    path = GOLDEN / name
    if is_writing():
        path.write_text(text, encoding="utf-8")
        COMPILED_BY.write_text(f"{compiler()}\n", encoding="utf-8")
        return
    expected = path.read_text(encoding="utf-8")
    other = COMPILED_BY.read_text(encoding="utf-8").strip()
    if text != expected and compiler() != other:
        pytest.skip(f"written for {COMPILER} {other}, and here is {compiler()}")
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
