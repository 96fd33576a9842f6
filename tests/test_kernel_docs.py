"""docs/kernel.md says of calls and errors what the kernel's own tables say, and its C compiles."""

from __future__ import annotations

import re
import subprocess
from typing import Final

import pytest

from kernel_model import cheader
from kernel_model.abi import ERROR_MEANING, Error
from kernel_model.call import CallRow
from kernel_model.handlers import contract
from kernel_model.syscalls import CALLS
from tests.guests import COMPILER, ROOT, SOURCES, need_tool

DOCUMENT: Final = (ROOT / "docs" / "kernel.md").read_text()
SECTIONS: Final = dict(
    re.findall(r"^### `(\w+)`\n(.*?)(?=^##)", DOCUMENT, re.MULTILINE | re.DOTALL)
)
CODE: Final = re.findall(r"^```c\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
HEADERS: Final = ("console.h", "frames.h", "kernel.h", "process.h", "space.h", "tables.h")


def errors_of(call: CallRow) -> set[str]:
    """The errors that the handler's docstring names."""
    listed = re.search(r"Errors:(.*?)(Source:|$)", contract(call.operation), re.DOTALL)
    words = re.findall(r"\b[A-Z][A-Z_0-9]+\b", listed[1]) if listed else []
    return {f"E_{word}" for word in words if word in Error.__members__}


def test_each_call_has_a_section() -> None:
    assert set(SECTIONS) == {call.name for call in CALLS}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_synopsis_is_the_header_s(call: CallRow) -> None:
    synopsis = SECTIONS[call.name].split("```c\n")[1].split("```")[0]
    assert f"\n{synopsis}" in cheader.header()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_errors_are_those_of_the_handler(call: CallRow) -> None:
    listed = re.search(r"^Errors:(.*?)\n\n", SECTIONS[call.name], re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`(E_\w+)`", listed[1] if listed else "")) == errors_of(call)


def test_each_error_has_a_row() -> None:
    rows = re.findall(r"^\| `E_(\w+)` \| (-\d+) \| (.*) \|$", DOCUMENT, re.MULTILINE)
    assert rows == [(error.name, str(int(error)), text) for error, text in ERROR_MEANING.items()]


def test_names_in_the_text_exist() -> None:
    """Whatever looks like a constant of kernel.h is one."""
    header = cheader.header()
    for name in set(re.findall(r"\b(?:E|F|FRAME|F_MAP|F_TABLE)_[A-Z][A-Z0-9_]*\b", DOCUMENT)):
        assert re.search(rf"\b{name}\b", header), name


@pytest.mark.parametrize("example", [code for code in CODE if "{" in code])
def test_example_compiles(example: str) -> None:
    source = "".join(f'#include "{name}"\n' for name in HEADERS) + example
    command = [need_tool(COMPILER), "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
               f"-I{SOURCES / 'include'}", "-xc", "-"]  # fmt: skip
    made = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
