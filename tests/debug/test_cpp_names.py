"""C++ names as people write them, and how long the symbols of a large program take."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from emu.debuginfo.names import demangled
from emu.debuginfo.symbols import Symbol, Symbols
from tests.guests import emu_command, need_tool


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


def test_the_symbols_of_a_large_program_take_no_longer_than_twice_nm(tmp_path: Path) -> None:
    """A file of more than 9 MB, beside ``nm -lC``."""
    compiler, nm = need_tool("arm-none-eabi-g++"), need_tool("nm")
    source, program = tmp_path / "large.cpp", tmp_path / "large.elf"
    source.write_text(LARGE)
    done = emu_command("c++", "-g", "-O0", str(source), "-o", str(program), timeout=300)
    if b"No such file" in done.stderr:
        pytest.skip(f"there is no C++ library for {compiler}")
    assert done.returncode == 0, done.stderr.decode()
    assert program.stat().st_size > 9_000_000
    began = time.perf_counter()
    listed = emu_command("symbols", str(program), timeout=300).stdout
    ours = time.perf_counter() - began
    began = time.perf_counter()
    subprocess.run([nm, "-lC", str(program)], stdout=subprocess.DEVNULL, check=True)
    theirs = time.perf_counter() - began
    assert ours < 2 * theirs, (ours, theirs)
    names = [line.split(maxsplit=3)[3] for line in listed.decode().splitlines()[2:]]
    assert not any(name.startswith("_ZN") for name in names)
