"""Tracefiles: consistent as lcov 2 wants them, with functions where they are declared."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from emu.coverage.lcov import Source, _record
from tests.guests import emu_command, need_tool, run_emu
from tests.trace.lcov_rules import Record, complaints, records

HEADER = """\
#define NOTHING
static inline __attribute__((always_inline)) int pick(volatile int *p)
{
    return *p;
}
static inline int unused(volatile int *p)
{
    return *p + 1;
}
static inline int seldom(int x)
{
    return x * 7;
}
"""

IN_C = """\
#include "pick.h"

__attribute__((noinline)) int outer(volatile int *p)
{
    int k = pick(p);

    return k + 1;
}

__attribute__((noinline)) static int never(int x)
{
    return x * 3;
}

static int helper(int x)
{
    return x > 100 ? seldom(x) : x - 4;
}

int main(int c, char **v)
{
    int x = 4;

    if (c > 40)
        return never(c);
    return outer(&x) + helper(x) == 5 ? 0 : 1;
}
"""

IN_CPP = """\
#include "pick.h"

namespace {
template <typename T> T add(T a, T b)
{
    return a + b;
}

struct Shape {
    Shape() {}
    virtual int area() const { return 0; }
    int unused() const
    {
        return 9;
    }
    int size = 3;
    volatile int scale = 2;
};

struct Square : Shape {
    int side = 4;
    int area() const override
    {
        return side * side * scale;
    }
};
}

int overloaded(int x, int y) { return x + y; }
int overloaded(int x, char y) { return x - y; }

int main(int c, char **v)
{
    struct Order {
        bool less(int a, int b)
        {
            return a < b;
        }
        int unused()
        {
            return 1;
        }
    } order;
    Square square;
    const Shape *shape = &square;
    auto twice = [&](int x) {
        return x + x;
    };
    auto uncalled = [](int x) {
        return x * x;
    };
    volatile int x = add(twice(4), pick(&square.scale));
    if (c > 40)
        return uncalled(c) + order.unused();
    return order.less(x, overloaded(shape->area(), 'a')) || add(1L, 2L) != 3;
}
"""

LEVELS = ["-O0", "-Og", "-O1", "-O2", "-Os", "-O2 -flto"]


def traced(directory: Path, name: str, source: str, flags: str) -> tuple[Path, dict[str, Record]]:
    """The tracefile of a program, and its records by the end of their files' names."""
    tool = need_tool("arm-none-eabi-g++" if name.endswith("cpp") else "arm-none-eabi-gcc")
    (directory / "pick.h").write_text(HEADER)
    (directory / name).write_text(source)
    program, out = directory / "program.elf", directory / "out.info"
    command = [tool, "-g", "-mcpu=cortex-a15", *flags.split(), "--specs=rdimon.specs"]
    command += ["-fno-exceptions", name, "-o", str(program)]
    subprocess.run(command, check=True, cwd=directory)
    done = run_emu(program, options=("--coverage", str(out)))
    assert done.returncode == 0, done.stderr
    found = records(out.read_text())
    for record in found:
        assert not complaints(record), record.path
    return out, {Path(record.path).name: record for record in found}


@pytest.mark.parametrize("flags", LEVELS)
def test_functions_are_where_they_are_declared(flags: str, tmp_path: Path) -> None:
    _, found = traced(tmp_path, "cov.c", IN_C, flags)
    own, header = found["cov.c"], found["pick.h"]
    for line, name, calls in ((3, "outer", 1), (20, "main", 1)):
        assert (line, name) in own.functions
        assert own.calls[name] == calls
    assert header.calls["pick"] >= 1
    assert (2, "pick") in header.functions
    assert "unused" not in header.calls
    if "-O0" in flags:
        assert header.calls["seldom"] == own.calls["never"] == 0


@pytest.mark.parametrize("flags", LEVELS)
def test_every_function_with_lines_has_its_name(flags: str, tmp_path: Path) -> None:
    """Names of C++: what is nested in another function and never called is left out."""
    _, found = traced(tmp_path, "cov.cpp", IN_CPP, flags)
    own = found["cov.cpp"]
    names = {name.partition("(anonymous namespace)::")[2] or name for _, name in own.functions}
    assert {"main", "overloaded(int, char)", "add<int>"} <= names
    if "-flto" not in flags:
        assert own.calls["overloaded(int, int)"] == 0
    if flags == "-O0":
        assert {"add<long int>", "Shape::Shape", "Shape::area", "Square::area"} <= names
        assert {"main::Order::less", "main::{lambda()}::operator()"} <= names
        assert "main::Order::unused" not in names
        assert own.calls["main::{lambda()}::operator() (line 49)"] == 0


def test_a_function_that_its_lines_contradict_is_left_out() -> None:
    source = Source()
    source.lines = {2: 1, 4: 0, 5: 1, 8: 0, 11: 3}
    for line, name, count in (
        (1, "outer", 1), (4, "nested and never called", 0), (6, "moved", 2), (7, "static", 0),
        (10, "called", 3), (12, "after all lines", 0), (11, "outer::{lambda(int)#1}", 0),
        (9, "nested, and its lines elsewhere", 0), (9, "of the same line", 0),
    ):  # fmt: skip
        source.add_function(name, line, count)
    (record,) = records("TN:\n" + _record("a.c", source))
    assert not complaints(record)
    assert [name for _, name in record.functions] == [
        "outer", "moved", "static", "nested, and its lines elsewhere", "of the same line",
        "called", "outer::{lambda(int)#1}", "after all lines",
    ]  # fmt: skip
    assert record.lines == {1: 1, 2: 1, 4: 0, 5: 1, 6: 2, 7: 0, 8: 0, 9: 0, 10: 3, 11: 3, 12: 0}


@pytest.mark.parametrize(("name", "source"), [("cov.c", IN_C), ("cov.cpp", IN_CPP)])
def test_lcov_and_genhtml_take_what_the_rules_allow(name: str, source: str, tmp_path: Path) -> None:
    lcov, genhtml = need_tool("lcov"), need_tool("genhtml")
    out, found = traced(tmp_path, name, source, "-O1")
    own = tmp_path / "own.info"
    command = [lcov, "-q", "-e", str(out), f"{tmp_path}/*", "-o", str(own)]
    subprocess.run(command, check=True)
    assert own.read_text().count("SF:") == 2
    subprocess.run([genhtml, "-q", "-o", str(tmp_path / "html"), str(own)], check=True)
    (page,) = (tmp_path / "html").rglob(f"{name}.gcov.html")
    assert f"{len(found[name].lines)}</td>" in page.read_text()


def test_mixed_sources_of_the_c_library_are_consistent(tmp_path: Path) -> None:
    """Headers of newlib, which are here, among them."""
    (tmp_path / "print.c").write_text('#include <stdio.h>\nint main(void) { printf("x"); }\n')
    done = emu_command("cc", "-g", "-O2", str(tmp_path / "print.c"), "-o", str(tmp_path / "x.elf"))
    assert done.returncode == 0, done.stderr
    run_emu(tmp_path / "x.elf", options=("--coverage", str(tmp_path / "x.info")))
    for record in records((tmp_path / "x.info").read_text()):
        assert not complaints(record), record.path
