"""The shape of the code: no function is long, and no class is everything at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.guests import ROOT

LONGEST: Final = 40
"""Lines of a function, decorators and docstring not counted."""

MOST: Final = 12
"""Attributes of an instance.  Fields of NamedTuples and dataclasses are attributes, too."""

REASONS: Final = {
    "emu.loader.elf.FileHeader": "Source: ELF, Elf32_Ehdr, whose fields these are.",
    "kernel_model.frame.Frame": "The only kernel object that a process handles.",
    "kernel_model.kernel.Kernel": "``snapshot`` returns all of the state.",
    "kernel_model.process.Process": "All that the kernel knows of one process.",
    "emu.machine.core.Core": "One core of a machine.",
    "emu.cpu.counter.PythonCounter": "The twin of ``emu/native/counter.c``",
    "emu.cpu.engine.Engine": "Each part of it has a class of its own, and the parts meet here.",
    "emu.cpu.hooks.Hooks": "one place for all, because two of a kind cost more than one.",
    "emu.machine.observers.Observers": "For each event there is an attribute",
}
"""Classes with more, and where their source says why."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def length(function: Function) -> int:
    """Lines from ``def`` to the end, without the docstring."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        assert docstring.end_lineno is not None
        lines -= docstring.end_lineno - docstring.lineno + 1
    return lines


def attributes(class_: ast.ClassDef) -> set[str]:
    """What the body annotates, ``__slots__`` names, or a method assigns to ``self``."""
    found: set[str] = set()
    for statement in class_.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(name), annotation=kind):
                if not ast.unparse(kind).startswith("ClassVar"):
                    found.add(name)
            case ast.Assign(targets=[ast.Name("__slots__")], value=names):
                found.update(ast.literal_eval(names))
            case ast.FunctionDef():
                found |= set(assigned(statement))
    return found


def assigned(method: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(method):
        match node:
            case ast.Attribute(value=ast.Name("self"), attr=name, ctx=ast.Store()):
                yield name


def modules() -> Iterator[tuple[str, str]]:
    """The name and the text of each module of the two packages."""
    for package in ("emu", "kernel_model"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield name_of(path), path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def large_classes() -> dict[str, str]:
    """The source of each class with more than MOST attributes, by its name."""
    return {
        f"{module}.{class_.name}": ast.get_source_segment(text, class_) or ""
        for module, text in modules()
        for class_ in classes(ast.parse(text))
        if len(attributes(class_)) > MOST
    }


def test_no_function_is_long() -> None:
    found = [
        (module, function.name, length(function))
        for module, text in modules()
        for function in functions(ast.parse(text))
    ]
    assert len(found) > 1000
    assert [one for one in found if one[2] > LONGEST] == []


def test_no_class_has_many_attributes_without_a_reason() -> None:
    large = large_classes()
    assert large.keys() == REASONS.keys()
    assert [name for name, reason in REASONS.items() if reason not in large[name]] == []


EXAMPLE: Final = '''
class Example:
    """What has attributes in every way."""

    __slots__ = ("slot",)
    kind: ClassVar[str] = ""
    field: int = 0
    constant = 1

    @decorated
    def method(self, other):
        """Three

        lines."""
        self.one, (self.two, other.three) = self.four, (1, 2)
        self.five += 1
        for self.six in ():
            pass
'''


def test_what_is_counted() -> None:
    tree = ast.parse(EXAMPLE)
    assert [length(function) for function in functions(tree)] == [5]
    [example] = classes(tree)
    assert attributes(example) == {"slot", "field", "one", "two", "five", "six"}
