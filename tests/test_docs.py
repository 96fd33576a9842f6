"""The commands and programs of the README and of docs/ run as they stand there.

Each sh block is run by a shell that stops at the first failure, and each python block by Python,
those of one document one after the other in one directory, which begins with ``prog.elf``,
``hello.c``, ``hello.elf`` and the built guests.  docs/tutorial.md has a test of its own that
compares the outputs too, docs/security.md another with something hostile in the box.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.guests import ROOT, guest, need_tool

ELSEWHERE: Final = ("tutorial.md", "security.md")
NOT_RUN: Final = {
    "make bench": "it takes minutes; tests/test_benchmarks.py runs each group with --quick",
}
"""What is not run here, by how its block begins, and why."""
NEEDED: Final = ("lcov", "genhtml", "jq", "gdb-multiarch")


class Block(NamedTuple):
    """A fenced block.  language: ``sh`` or ``python``."""

    language: str
    text: str


def documents() -> list[Path]:
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [path for path in found if path.name not in ELSEWHERE and blocks(path)]


def blocks(path: Path) -> list[Block]:
    found = re.findall(r"^```(sh|python)\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)
    return [Block(*one) for one in found]


def run(block: Block, directory: Path, number: int) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": "",
    }
    if block.language == "sh":
        words = ["bash", "-euo", "pipefail", "-c", block.text]
    elif "def test_" in block.text:
        (directory / f"test_block_{number}.py").write_text(block.text)
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                 f"test_block_{number}.py"]  # fmt: skip
    else:
        words = [sys.executable, "-W", "error", "-c", block.text]
    done = subprocess.run(
        words, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_what_a_document_tells_works(document: Path, tmp_path: Path) -> None:
    shutil.copy(guest("tutorial/step3"), tmp_path / "prog.elf")
    shutil.copy(guest("programs/hello"), tmp_path / "hello.elf")
    shutil.copy(ROOT / "guest/newlib/hello.c", tmp_path / "hello.c")
    shutil.copy(ROOT / "emu/sdk/project/main.c", tmp_path / "main.c")
    for name in ("build", "guest"):
        (tmp_path / name).symlink_to(ROOT / name)
    for number, block in enumerate(blocks(document)):
        if any(block.text.startswith(begin) for begin in NOT_RUN):
            continue
        for tool in NEEDED:
            if re.search(rf"\b{tool}\b", block.text):
                need_tool(tool)
        here = tmp_path
        if "emu new" in block.text:
            (here := tmp_path / "fresh").mkdir()
        run(block, here, number)


def test_no_command_is_told_otherwise() -> None:
    """All that looks like a command to type is in a block that is run, but for the first two."""
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        indented = re.findall(r"^    (?:\$ )?((?:emu|make|arm-none-eabi-\w+|pip|cmake) .*)$",
                              path.read_text(), re.MULTILINE)  # fmt: skip
        told = [line for line in indented if not line.startswith(("make run ", "make test "))]
        assert told == [], path.name


def test_the_programs_of_the_api_are_short() -> None:
    """The one that does everything has 25 lines at most, besides the guest in it."""
    first = next(one for one in blocks(ROOT / "docs/api.md") if one.language == "python")
    ours = re.sub(r'""".*?"""', "", first.text, flags=re.DOTALL)
    assert len(ours.splitlines()) <= 25


def test_links_lead_somewhere() -> None:
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_rules_have_one_numbering() -> None:
    """What reports cite is a rule of docs/kernel.md about that: each number, in order, once."""
    from emu.report import rules

    text = (ROOT / "docs/kernel.md").read_text().split("\n## Rules\n")[1].split("\n## ")[0]
    assert re.findall(r"^(\d+)\. ", text, re.MULTILINE) == [str(at) for at in range(1, 17)]
    cited = {rule.number for rule in (*rules._OF_ERROR.values(), *rules._OF_CALL.values())}
    assert cited <= set(range(17))
    said = dict(re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |\Z)", text, re.MULTILINE | re.DOTALL))
    for number, words in (
        (3, "full account"), (7, "page 0 is never mapped"), (9, "may give to its children"),
        (12, "Processes that wait for it get an error"), (13, "Pointers are checked"),
    ):  # fmt: skip
        assert words in " ".join(said[str(number)].split())
