"""The tool that plants mistakes plants those that it says."""

from __future__ import annotations

import ast

import pytest

from tests.guests import ROOT
from tests.mutation.__main__ import PARTS, Fate, accepted, all_mutants, near, table
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.record import Record


def of(source: str) -> dict[str, str]:
    """Each mutant's key, and the line that it changes as it is then."""
    return {
        mutant.key: mutant.source.splitlines()[mutant.line - 1].strip()
        for mutant in mutants_of("module.py", source)
    }


@pytest.mark.parametrize(
    ("line", "mutated"),
    [
        ("x = a < b", ["x = (a <= b)"]),
        ("x = a < b == c", ["x = (a <= b == c)", "x = (a < b != c)"]),
        ("x = a and b", ["x = (a or b)"]),
        ("x = not a", ["x = (a)"]),
        ("x = a + b", ["x = (a - b)"]),
        ("x = 'a' + b", []),
        ("x = f'{a + b}'", []),
        ("x = 7", ["x = 8"]),
        ("x = True", ["x = False"]),
        ("x = 'text'", []),
        ("x: int | None = a", []),
        ("x = a if b else c", ["x = (a if not b else c)"]),
        ("x.y = a", ["pass"]),
        ("x[a] = b", ["pass"]),
        ("x += a", ["pass", "x -= a"]),
        ("f(a)", ["pass"]),
        ("assert a < b", []),
        ("raise AssertionError(a + b)", []),
        ("raise KeyError(a)", ["pass"]),
        ("x = [a for a in b if c]", ["x = [a for a in b if (not c)]"]),
    ],
)
def test_what_is_planted_in_a_line(line: str, mutated: list[str]) -> None:
    assert sorted(of(line + "\n").values()) == sorted(mutated)


def test_what_is_planted_in_a_function() -> None:
    source = "class A:\n    def f(self, x=1):\n        if self.a:\n            return x\n"
    assert of(source) == {
        "A.f: 1 -> 2": "def f(self, x=2):",
        "A.f: self.a -> (not self.a)": "if (not self.a):",
        "A.f: return x -> return None": "return None",
    }
    assert all(mutant.in_function for mutant in mutants_of("module.py", source))
    assert not any(mutant.in_function for mutant in mutants_of("module.py", "X = 1 + 2\n"))


def test_the_same_mistake_twice_has_two_names() -> None:
    assert list(of("x = 1\ny = 1\n")) == [": 1 -> 2", ": 1 -> 2 (2)"]


def test_every_mutant_is_a_module_that_differs_in_what_it_means() -> None:
    for mutant in all_mutants(["emu/mmu"]):
        original = (ROOT / mutant.path).read_text()
        assert ast.dump(ast.parse(mutant.source)) != ast.dump(ast.parse(original)), mutant.key


def test_all_that_is_to_be_broken_is_there() -> None:
    assert all((ROOT / part).is_dir() for part in PARTS)
    names = [(mutant.path, mutant.key) for mutant in all_mutants(PARTS)]
    assert len(set(names)) == len(names) > 3000


def test_the_tests_that_are_near() -> None:
    """The quickest of each function first; of what is executed at import, any of the module."""
    known = Record(
        {
            "tests/far/calls.py::a[1]": 0.2,
            "tests/far/calls.py::a[2]": 0.1,
            "tests/far/calls.py::b": 3.0,
            "tests/far/calls.py::slow": 99.0,
        },
        {
            "emu/mmu/pages.py": {
                5: [
                    "tests/far/calls.py::a[1]",
                    "tests/far/calls.py::a[2]",
                    "tests/far/calls.py::b",
                ],
                9: ["tests/far/calls.py::slow"],
            }
        },
    )
    inside = Mutant("emu/mmu/pages.py", "", 5, 5, True, "")
    assert near(inside, known) == [
        "tests/far/calls.py::a[2]",
        "tests/far/calls.py::b",
        "tests/far/calls.py::a[1]",
    ]
    assert near(inside._replace(line=7, last=7), known) == near(inside, known)
    assert near(inside._replace(in_function=False), known) == near(inside, known)
    assert near(inside._replace(line=9, last=9), known) == ["tests/far/calls.py::slow"]
    assert near(inside._replace(path="emu/mmu/walk.py"), known) == []
    table = {"tests/near/test_pages.py::numbers": 0.01, "tests/far/test_x.py::numbers": 0.01}
    known = Record({**known.seconds, **table}, known.tests)
    assert near(inside, known) == [
        "tests/near/test_pages.py::numbers",
        "tests/far/calls.py::a[2]",
        "tests/far/calls.py::b",
        "tests/far/calls.py::a[1]",
    ]


def test_every_mutant_that_is_explained_can_be_planted() -> None:
    """What explains one that there is no more explains nothing."""
    for path, reasons in accepted().items():
        keys = {one.key for one in mutants_of(path, (ROOT / path).read_text())}
        assert reasons.keys() <= keys, path


def test_the_table_counts_what_is_explained_apart() -> None:
    one, other = (Mutant("emu/x/y.py", key, 1, 1, True, "") for key in ("one", "other"))
    fates = [Fate(one, "survived"), Fate(other, "survived"), Fate(other, "killed")]
    lines = table(fates, {"emu/x/y.py": {"one": "why"}}).splitlines()
    assert lines[1].split() == ["emu/x", "3", "1", "0", "1", "1", "0", "33.3%"]
