"""Programs that their library ends: one line says why, and a backtrace where."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest

from emu.mmu import BACKENDS
from emu.sdk.compiler import command
from emu.sdk.library import Sdk
from tests.guests import need_tool, run_emu
from tests.sdk.test_sdk import kit

__all__ = ["kit"]

C: Final = """\
#include <assert.h>
#include <stdlib.h>
__attribute__((noinline)) static void deep(int how, const char *text) {
    char small[8];
    if (how == 0) abort();
    if (how == 1) assert(how == 7);
    if (how == 2) for (int i = 0; i < 9; i++) ((volatile char *)small)[i] = text[0];
    if (how == 3) exit(1);
    if (how == 4) _Exit(1);
}
int main(int argc, char **argv) { deep(atoi(argv[1]), argv[0]); return 1; }
"""
ENDS: Final = {
    0: "abort",
    1: "a failed assertion",
    2: "the stack protector: a function's stack was overwritten",
}

CPP: Final = """\
#include <cstdlib>
#include <new>
#include <stdexcept>
struct Plain { int n; };
struct Own : std::out_of_range { Own() : std::out_of_range("its own text") {} };
char *volatile taken;
__attribute__((noinline)) static void deep(int how) {
    switch (how) {
    case 0: throw std::runtime_error("boom\\x01");
    case 1: throw Plain{3};
    case 2: throw Own();
    case 3: taken = new char[1u << 30]; break;
    case 4: throw 7;
    case 5: std::terminate();
    }
}
int main(int, char **argv) { deep(atoi(argv[1])); return 1; }
"""
THROWN: Final = {
    0: "std::terminate, because nothing catches std::runtime_error: boom.",
    1: "std::terminate, because nothing catches Plain",
    2: "std::terminate, because nothing catches Own: its own text",
    3: "std::terminate, because nothing catches std::bad_alloc (--ram gives the heap more)",
    4: "std::terminate, because nothing catches int",
    5: "std::terminate",
}


@pytest.fixture(scope="module")
def hosted(kit: Sdk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The program in C on the kernel's calls and on semihosting, and the one in C++."""
    folder = tmp_path_factory.mktemp("endings")
    (folder / "prog.c").write_text(C)
    (folder / "prog.cpp").write_text(CPP)
    flags = ["-g", "-O1", "-fstack-protector-all"]
    words = {
        "kernel": command(kit, "cc", [*flags, "prog.c"]),
        "semihosting": [need_tool("arm-none-eabi-gcc"), "-mcpu=cortex-a15", *flags, "prog.c",
                        "--specs=rdimon.specs"],
        "c++": command(kit, "c++", ["-g", "-O1", "prog.cpp"]),
    }  # fmt: skip
    for name, each in words.items():
        subprocess.run([*each, "-o", f"{name}.elf"], check=True, cwd=folder)
    return {name: folder / f"{name}.elf" for name in words}


def said_by(program: Path, how: int, mmu: str = "tlb") -> list[str]:
    """What emu says of it, line by line: the program's own output is left out."""
    run = run_emu(program, str(how), options=("--mmu", mmu))
    assert run.returncode == 1
    lines = run.stderr.decode().splitlines()
    first = next((n for n, line in enumerate(lines) if line.startswith("emu: ")), len(lines))
    return lines[first:]


@pytest.mark.parametrize("calls", ["kernel", "semihosting"])
@pytest.mark.parametrize("mmu", BACKENDS)
@pytest.mark.parametrize(("how", "why"), ENDS.items())
def test_ends_of_c(hosted: dict[str, Path], calls: str, mmu: str, how: int, why: str) -> None:
    head, title, *frames = said_by(hosted[calls], how, mmu)
    assert (head, title) == (f"emu: process 0 ended by {why}", "  backtrace")
    called = [line for line in frames if "prog.c:" in line]
    names = [line.split()[1] for line in called]
    assert names[:1] == ["deep"]
    assert names == ["deep", "main"] or how == 2  # where the stack is overwritten


@pytest.mark.parametrize("calls", ["kernel", "semihosting"])
@pytest.mark.parametrize("how", [3, 4, 5])
def test_who_ends_by_itself_is_not_spoken_of(hosted: dict[str, Path], calls: str, how: int) -> None:
    assert said_by(hosted[calls], how) == []


@pytest.mark.parametrize(("how", "why"), THROWN.items())
def test_ends_of_cpp(hosted: dict[str, Path], how: int, why: str) -> None:
    head, title, *frames = said_by(hosted["c++"], how)
    assert (head, title) == (f"emu: process 0 ended by {why}", "  backtrace")
    assert any(" main at " in line and "prog.cpp:" in line for line in frames)
