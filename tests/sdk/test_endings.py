"""Programs that their library ends: one line says why, and a backtrace where."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest

from emu.mmu import BACKENDS
from emu.sdk.compiler import command
from emu.sdk.library import Sdk
from emu.status import FAULT
from tests.guests import need_tool, run_emu
from tests.sdk.test_sdk import kit

__all__ = ["kit"]

C: Final = """\
#include <assert.h>
#include <stdlib.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
static void leave(int signal) { (void)signal; _exit(1); }
static int *use_up(void) {
    int *last = NULL;
    for (int *next; (next = malloc(1 << 20)) != NULL; last = next) next[0] = 1;
    return last;
}
__attribute__((noinline)) static void deep(int how, const char *text) {
    char small[8];
    if (how == 6) { signal(SIGABRT, leave); abort(); }
    if (how == 7) { use_up(); fprintf(stderr, "out of memory\\n"); exit(1); }
    if (how == 8) { use_up(); *(volatile int *)malloc(1 << 20) = 1; }
    if (how == 9) { use_up(); abort(); }
    if (how == 10) exit(use_up() == NULL);
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
    6: "abort",
}
USED_UP: Final = "its heap was used up, errno is ENOMEM: --ram gives it more"

CPP: Final = """\
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <unistd.h>
struct Plain { int n; };
struct Own : std::out_of_range { Own() : std::out_of_range("its own text") {} };
char *volatile taken;
static void leave() { _exit(1); }
__attribute__((noinline)) static void deep(int how) {
    if (how == 6) { std::set_terminate(leave); how = 0; }
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
    6: "std::terminate, because nothing catches std::runtime_error: boom.",
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


def said_by(program: Path, how: int, mmu: str = "tlb", status: int = 1) -> list[str]:
    """What emu says of it, line by line: the program's own output is left out."""
    run = run_emu(program, str(how), options=("--mmu", mmu, "--ram", "16M"))
    assert run.returncode == status
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
    names = names[1:] if how == 6 else names  # the handler
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


@pytest.mark.parametrize("calls", ["kernel", "semihosting"])
def test_a_heap_that_was_used_up_is_named(hosted: dict[str, Path], calls: str) -> None:
    """Of an end that is no success, in a line or in the report that there is anyway."""
    assert said_by(hosted[calls], 7) == [f"emu: process 0: {USED_UP}"]
    faulted = said_by(hosted[calls], 8, status=FAULT)
    assert faulted[0].startswith("emu: process 0 faulted: null pointer: ")
    aborted = said_by(hosted[calls], 9)
    assert aborted[0] == "emu: process 0 ended by abort"
    for report in (faulted, aborted):
        assert report[-2:] == ["  heap", f"    {USED_UP}"]
    assert said_by(hosted[calls], 10, status=0) == []
