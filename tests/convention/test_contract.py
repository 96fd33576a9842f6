"""Nothing in ``emu`` knows a call by its name or number: neither its code nor its imports."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kernel_model.syscalls import CALLS
from tests.guests import ROOT

NAMES: Final = {call.name for call in CALLS}
ARGUMENTS: Final = {argument.name for call in CALLS for argument in call.arguments}
ODD: Final = {name for name in NAMES if "_" in name} | {"recv"}
"""Names that are no words: no text has one of them by accident."""

IN_A_TEXT: Final = re.compile(rf"(?<![{{\w])({'|'.join(sorted(ODD))})(?![}}\w])")
"""One of them outside braces: a convention puts its own names into ``{frame_map}``."""

ALLOWED: Final = {
    ("emu/machine/observers.py", "frame_split"),  # a method of observers, for an event
    ("emu/cli/instruments.py", "frame_map"),  # an example in a help, of the default convention
}


def modules(package: str = "emu") -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def docstrings(tree: ast.Module) -> set[int]:
    """The docstrings, and the texts below constants, by id."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def names_of_calls(tree: ast.Module) -> Iterator[str]:
    """Names of calls in strings."""
    prose = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield from IN_A_TEXT.findall(node.value)


def constants(node: ast.AST) -> list[object]:
    """What is compared with: a constant, or those in a tuple, a list, a set or frozenset(...)."""
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]


def comparisons(tree: ast.Module) -> Iterator[str]:
    """Comparisons of a ``name`` with a call's, of a ``number`` with any, and look-ups by either."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
                attributes = {one.attr for one in sides if isinstance(one, ast.Attribute)}
                values = [value for one in sides for value in constants(one)]
                is_name = "name" in attributes and (NAMES | ARGUMENTS).intersection(
                    map(str, values)
                )
                is_number = "number" in attributes and any(type(one) is int for one in values)
                if is_name or is_number:
                    yield f"line {node.lineno}: {ast.unparse(node)}"
            case ast.Call(func=ast.Attribute(attr="named" | "find"), args=[ast.Constant(value)]):
                if value in NAMES or isinstance(value, int):
                    yield f"line {node.lineno}: {ast.unparse(node)}"


def test_no_module_has_the_name_of_a_call() -> None:
    found = {(name, text) for name, tree in modules() for text in names_of_calls(tree)}
    assert found == ALLOWED


def test_no_handler_of_the_kernel_has_the_name_of_a_call() -> None:
    """What refusals say would be about calls that another convention has not."""
    found = {name for name, tree in modules("kernel_model") if [*names_of_calls(tree)]}
    assert found == {f"kernel_model/{one}.py" for one in ("cheader", "operations", "syscalls")}


def test_no_module_compares_a_name_or_a_number() -> None:
    assert [(name, found) for name, tree in modules() for found in comparisons(tree)] == []


PLANTED: Final = '''
"""frame_map is allowed here."""
KNOWN = ("frame_map", {"vspace_swap": 1})
"""frame_map"""
def plain(call, calls, section, frame):
    """frame_give"""
    if call.name == "exit" or call.name in ("send", "recv") or call.number == 18:
        return calls.named("yield")
    if 3 <= call.number or section.name == ".text" or frame.f_id == 2 or argument.name != "t_id":
        return calls.find(17)
    match call.name:
        case "frame_split":
            return f"{call.name} or frame_map" + "{frame_give} and frame_given" + "by recv"
'''


def test_what_is_noticed() -> None:
    tree = ast.parse(PLANTED)
    assert sorted(names_of_calls(tree)) == [
        "frame_map", "frame_map", "frame_split", "recv", "recv", "vspace_swap",
    ]  # fmt: skip
    assert {found.partition(": ")[2] for found in comparisons(tree)} == {
        "call.name == 'exit'", "call.name in ('send', 'recv')", "call.number == 18",
        "3 <= call.number", "argument.name != 't_id'", "calls.named('yield')", "calls.find(17)",
    }  # fmt: skip


# Imports

IMPORTS: Final = {
    "emu/trace/messages.py": "from kernel_model.syscalls import CALLS",
    "emu/machine/svc.py": "from kernel_model.handlers import HANDLERS",
    "emu/report/rules.py": "import unicorn",
    "emu/report/cause.py": "import emu.cpu.libunicorn",
    "kernel_model/trap.py": "import emu.status",
    "emu/machine/board.py": "import emu.machine.machine",
    "emu/cpu/stop.py": "import emu.mmu.pages",
}
"""Imports that must not be, in the modules where they are planted."""

BROKEN: Final = {
    "the kernel's rules know nothing of the machine, and nothing but the standard library",
    "the parts of the emulator, each knowing only those beneath it",
    "no circles among modules or packages",
    "one module chooses the convention; no other knows the standard table of calls",
    "the kernel's handlers are reached through its trap alone, or by carrying out a plan",
    "Unicorn is for those who run and those who hook",
    "one module binds Unicorn's library; the package's own binding costs too much to import",
}


def test_planted_imports_are_noticed(tmp_path: Path) -> None:
    """Each by the contract that forbids it, in a copy of the packages."""
    for package in ("emu", "kernel_model"):
        ignored = shutil.ignore_patterns("*.so", "__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, line in IMPORTS.items():
        path = tmp_path / name
        path.write_text(f"{path.read_text()}\n{line}\n")
    lint = Path(sys.executable).with_name("lint-imports")
    if not lint.exists():
        pytest.skip("import-linter is not installed")
    done = subprocess.run(
        [lint, "--no-logo"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )  # fmt: skip
    said = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stdout + done.stderr
    assert {name for name in BROKEN if f"{name} BROKEN" in said} == BROKEN, done.stdout
