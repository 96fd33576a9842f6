"""The mistakes that can be planted into a module, one at a time.

Operators of comparison, logic and arithmetic become others, numbers one more, conditions their
opposite; calls and assignments whose effect is elsewhere are left out, results are lost.  What
nobody could notice by a test is left alone: texts, annotations, assertions and what raises them.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_ASSERTIONS: Final = ("AssertionError", "NotImplementedError", "TypeError", "ValueError")
"""What is raised only by mistakes of our own."""


class Mutant(NamedTuple):
    """A module with one mistake.

    key: which, in words that stay the same while nothing near it changes.  line, last: of the
    module, where the changed code begins and ends.  in_function: whether calls execute it, and
    not the import.
    """

    path: str
    key: str
    line: int
    last: int
    in_function: bool
    source: str


def mutants_of(path: str, source: str) -> list[Mutant]:
    """Every mutant of a module, in order.  path: as it is to be named."""
    data = source.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    seen: Counter[str] = Counter()
    for where, in_function, node, new in _Finder().all(ast.parse(source)):
        first = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        mutated = b"".join((data[:first], new.encode(), data[end:])).decode()
        key = f"{where}: {_short(ast.unparse(node))} -> {_short(new)}"
        seen[key] += 1
        key += f" ({seen[key]})" if seen[key] > 1 else ""
        last = node.end_lineno or node.lineno
        found.append(Mutant(path, key, node.lineno, last, in_function, mutated))
    return found


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 90 else f"{line[:60]} ... {line[-25:]}"


_Place = ast.expr | ast.stmt
_Found = tuple[str, bool, _Place, str]
"""The function or class, whether it is a function, what is replaced, and by what."""


class _Finder:
    """Walks a module and says what could be replaced by what."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._functions = 0

    def all(self, node: ast.AST) -> Iterator[_Found]:
        """Of a node and those in it."""
        if isinstance(node, ast.JoinedStr | ast.Assert) or _is_for_types(node):
            return
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            self._names.append(node.name)
            self._functions += isinstance(node, ast.FunctionDef)
        if isinstance(node, ast.expr | ast.stmt):
            for new in _replacements(node):
                yield ".".join(self._names), self._functions > 0, node, new
        for test in _conditions(node):
            new = f"(not {ast.unparse(test)})"
            yield ".".join(self._names), self._functions > 0, test, new
        for child in _children(node):
            yield from self.all(child)
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            self._names.pop()
            self._functions -= isinstance(node, ast.FunctionDef)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """What can be mutated of what a node consists of: no annotation, decorator or text."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases"):
            continue
        if isinstance(node, ast.Raise) and _raises_assertion(node):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _raises_assertion(node: ast.Raise) -> bool:
    return isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) in _ASSERTIONS


def _replacements(node: _Place) -> Iterator[str]:
    """The texts by which a node could be replaced."""
    if isinstance(node, ast.stmt):
        yield from _statements(node)
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    else:
        yield from (f"({text})" for text in _expressions(node))


def _statements(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Expr(value=ast.Call()):
            yield "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield "pass"
        case ast.AugAssign():
            yield "pass"
            if type(node.op) in _ARITHMETIC:
                yield _with(node, op=_ARITHMETIC[type(node.op)]())
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield "return None"
        case ast.Raise() if not _raises_assertion(node):
            yield "pass"
        case ast.Continue():
            yield "break"
        case ast.Break():
            yield "continue"


def _constants(node: ast.Constant) -> Iterator[str]:
    if isinstance(node.value, bool):
        yield str(not node.value)
    elif isinstance(node.value, int):
        yield str(node.value + 1)


def _expressions(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Compare():
            for at, op in enumerate(node.ops):
                ops = [*node.ops[:at], _COMPARISONS[type(op)](), *node.ops[at + 1 :]]
                yield _with(node, ops=ops)
        case ast.BoolOp():
            yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield ast.unparse(node.operand)
        case ast.BinOp() if type(node.op) in _ARITHMETIC and not _is_text(node.left):
            yield _with(node, op=_ARITHMETIC[type(node.op)]())
        case ast.IfExp():
            yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def _conditions(node: ast.AST) -> Iterator[ast.expr]:
    """The conditions of a node that no operator decides."""
    match node:
        case ast.If(test=test) | ast.While(test=test):
            tests = [test]
        case ast.comprehension(ifs=tests):
            pass
        case _:
            return
    yield from (
        one for one in tests if isinstance(one, ast.Name | ast.Attribute | ast.Call | ast.BinOp)
    )


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


def _with(node: ast.AST, **fields: object) -> str:
    """The text of a node in which something is another."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return ast.unparse(ast.fix_missing_locations(changed))
