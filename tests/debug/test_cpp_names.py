"""C++ names as people write them, and how much is read to list the symbols of a program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import demangle
import pytest

from emu.debuginfo import DebugFile, open_files, units
from emu.debuginfo.names import demangled
from emu.debuginfo.symbols import Symbol, Symbols
from emu.views.symbols import symbol_rows
from tests.guests import emu_command, guest, need_tool


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("main", "main"), ("", ""), ("_start", "_start"), ("_Zno_name", "_Zno_name"),
        ("_ZN5Shape4areaEv", "Shape::area()"),
        ("_ZNK5Shape4areaEi", "Shape::area(int) const"),
        ("_ZN1GC1Ev", "G::G()"), ("_ZN1GD2Ev", "G::~G()"),
        ("_Z3addIiET_S0_S0_", "int add<int>(int, int)"),
        ("_ZN12_GLOBAL__N_16hiddenEv", "(anonymous namespace)::hidden()"),
    ],
)  # fmt: skip
def test_names(name: str, shown: str) -> None:
    assert demangled(name) == shown


def symbols(*names: str) -> Symbols:
    found = Symbols(b"", b"")
    found.all = tuple(
        Symbol(name, 0x1000 * at, 4, 1, True, at == 2) for at, name in enumerate(names, 1)
    )
    return found


def test_a_symbol_is_found_by_either_name_and_without_parameters() -> None:
    table = symbols("_ZN5Shape4areaEv", "_ZN5Shape4areaEi", "area")
    assert table.named("_ZN5Shape4areaEv").va == 0x1000
    assert table.named("Shape::area()").va == 0x1000
    assert table.named("Shape::area").va == 0x2000  # the global one of several
    assert table.named("area").va == 0x3000
    assert table.named("Shape") is None


TEMPLATES = """\
template <int N> struct Shape {{ static int area(int x) {{ return Shape<N - 1>::area(x) + N; }} }};
template <> struct Shape<0> {{ static int area(int x) {{ return x; }} }};
extern "C" int _start() {{ return Shape<{count}>::area(1); }}
"""


def program_of(directory: Path, count: int) -> DebugFile:
    """A C++ program with so many functions besides two."""
    compiler = need_tool("arm-none-eabi-g++")
    source, program = directory / "shapes.cpp", directory / "shapes.elf"
    source.write_text(TEMPLATES.format(count=count))
    subprocess.run(
        [
            compiler,
            "-g",
            "-nostdlib",
            "-fno-exceptions",
            "-fno-unwind-tables",
            str(source),
            "-o",
            str(program),
        ],
        check=True,
    )
    return open_files(str(program)).program


def calls_of(file: DebugFile) -> int:
    """How many functions of Python are called to list a file's symbols."""
    demangled.cache_clear()
    made = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal made
        made += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    symbol_rows(file)
    sys.setprofile(before)
    return made


def test_twice_the_symbols_are_twice_the_work(tmp_path: Path) -> None:
    few, many = (calls_of(program_of(tmp_path, count)) for count in (150, 300))
    assert few > 150
    assert many < 2.1 * few


def test_each_name_is_demangled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    really = demangle.demangle
    monkeypatch.setattr(demangle, "demangle", lambda name: asked.append(name) or really(name))
    demangled.cache_clear()
    rows = symbol_rows(program_of(tmp_path, 20))
    assert "Shape<20>::area(int)" in {row.name for row in rows}
    assert len(asked) == len(set(asked)) == 21


def test_of_each_unit_the_lines_are_read_once_and_no_functions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[Any] = []

    class Counted(units.LineTable):
        def __init__(self, program: Any, *rest: Any) -> None:
            read.append(program)
            super().__init__(program, *rest)

    monkeypatch.setattr(units, "LineTable", Counted)
    monkeypatch.setattr(units, "FunctionReader", lambda *unit: pytest.fail("functions were read"))
    file = open_files(str(guest("newlib/doubles.arm-soft"))).program
    assert any(row.line for row in symbol_rows(file))
    assert file.units is not None
    assert 1 < len(read) <= len(list(file.units))


LARGE = """\
#include <iostream>
#include <map>
#include <regex>
#include <string>
int main() {
    std::map<std::string, int> m; m["a"] = 1;
    std::cout << std::regex_match("aab", std::regex("a*b")) << m.size() << std::endl;
}
"""


@pytest.mark.long
def test_every_name_of_a_large_program_is_demangled(tmp_path: Path) -> None:
    """A file of more than 9 MB."""
    compiler = need_tool("arm-none-eabi-g++")
    source, program = tmp_path / "large.cpp", tmp_path / "large.elf"
    source.write_text(LARGE)
    done = emu_command("c++", "-g", "-O0", str(source), "-o", str(program), timeout=300)
    if b"No such file" in done.stderr:
        pytest.skip(f"there is no C++ library for {compiler}")
    assert done.returncode == 0, done.stderr.decode()
    assert program.stat().st_size > 9_000_000
    listed = emu_command("symbols", str(program), timeout=300).stdout
    names = [line.split(maxsplit=3)[3] for line in listed.decode().splitlines()[2:]]
    assert not any(name.startswith("_ZN") for name in names)
